import { z } from '@hono/zod-openapi';
import { commandsIn, type LifecycleStatus, orderStatuses, publicStatus } from '../../saga/lifecycle.ts';
import { idSchema, LINES_MAX, QUANTITY_MAX, REASON_MAX, reasonCodes, totalOf } from '../../saga/messages.ts';
import { AppError, type FieldError } from '../../shared/core/errors.ts';
import { currencyDigits, formatAmount, isCurrency, parseAmount } from '../../shared/core/money.ts';
import { linksSchema } from '../../shared/runtime/http/paging.ts';
import type { Order, OrderInput } from './state.ts';

const amountSchema = z.union([z.number(), z.string().max(32)]);

/** An order as a client sends it. Prices are in major units. */
export const placeOrderSchema = z
  .strictObject({
    orderId: idSchema.optional(),
    customerId: idSchema,
    currency: z.string().refine(isCurrency, 'this is no currency of ISO 4217').optional(),
    items: z
      .array(
        z.strictObject({
          productId: idSchema,
          quantity: z
            .int('must be a whole number')
            .min(1, 'must be at least 1')
            .max(QUANTITY_MAX, `must be at most ${QUANTITY_MAX}`),
          price: amountSchema,
        }),
      )
      .min(1)
      .max(LINES_MAX),
    totalPrice: amountSchema.optional(),
    totalQuantity: z.int().optional(),
  })
  .openapi('PlaceOrder', {
    example: {
      orderId: 'ORDER_001',
      customerId: 'CUSTOMER_001',
      currency: 'EUR',
      items: [
        { productId: 'PRODUCT_001', quantity: 3, price: 10 },
        { productId: 'PRODUCT_002', quantity: 2, price: '5.00' },
      ],
      totalPrice: '40.00',
      totalQuantity: 5,
    },
  });
export type PlaceOrderBody = z.infer<typeof placeOrderSchema>;

/** Why a customer cancels an order, in the customer's words. */
export const cancelOrderSchema = z
  .strictObject({ reason: z.string().min(1).max(REASON_MAX) })
  .openapi('CancelOrder', { example: { reason: 'I have changed my mind' } });

export const orderSchema = z
  .object({
    orderId: z.string(),
    customerId: z.string(),
    status: z.enum(orderStatuses),
    reason: z.object({ code: z.enum(reasonCodes), detail: z.string(), productIds: z.array(z.string()) }).nullable(),
    currency: z.string(),
    items: z.array(z.object({ productId: z.string(), quantity: z.int(), price: z.string() })),
    totalPrice: z.string(),
    totalQuantity: z.int(),
    placedAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    dispatchedAt: z.iso.datetime().nullable(),
    version: z.int(),
    _links: linksSchema,
  })
  .openapi('Order');
export type OrderBody = z.infer<typeof orderSchema>;

export type PlaceOrderData = Extract<OrderInput, { type: 'PlaceOrder' }>['data'];

/**
 * Converts a client's body to the command: prices become minor units, totals are checked against the lines.
 * @throws {AppError} 422 naming each field that contradicts the others.
 */
export function toCommand(body: PlaceOrderBody, orderId: string, defaultCurrency: string): PlaceOrderData {
  const { customerId, currency = defaultCurrency } = body;
  const errors: FieldError[] = [];
  const minor = (amount: number | string, pointer: string): number => {
    const parsed = parseAmount(amount, currency);
    if (parsed === null) errors.push({ pointer, detail: amountRule(currency) });
    return parsed ?? 0;
  };
  const lines = body.items.map(({ productId, quantity, price }, index) => ({
    productId,
    quantity,
    priceMinor: minor(price, `/items/${index}/price`),
  }));
  const total = totalOf(lines);
  if (!Number.isSafeInteger(total)) errors.push({ pointer: '/items', detail: 'the total is too large' });
  const count = lines.reduce((sum, { quantity }) => sum + quantity, 0);
  if (errors.length === 0) errors.push(...totalErrors(body, { total, count, currency }));
  if (errors.length > 0) {
    const [first] = errors;
    throw new AppError('invalid_request', `the order is not valid at ${first?.pointer}: ${first?.detail}`, { errors });
  }
  return { orderId, customerId, currency, lines };
}

function totalErrors(
  { totalPrice, totalQuantity }: PlaceOrderBody,
  { total, count, currency }: { total: number; count: number; currency: string },
): FieldError[] {
  const errors: FieldError[] = [];
  if (totalPrice !== undefined && parseAmount(totalPrice, currency) !== total) {
    const detail = `${totalPrice} was given and the items add up to ${formatAmount(total, currency)}`;
    errors.push({ pointer: '/totalPrice', detail });
  }
  if (totalQuantity !== undefined && totalQuantity !== count) {
    errors.push({ pointer: '/totalQuantity', detail: `${totalQuantity} was given and the items add up to ${count}` });
  }
  return errors;
}

function amountRule(currency: string): string {
  return `an amount of ${currency} is a plain number from 0 with at most ${currencyDigits(currency)} digits after the point`;
}

/** An order as clients see it. */
export function toBody(order: Order, updatedAt: string): OrderBody {
  const { orderId, customerId, status, reason, currency, lines, totalMinor, placedAt, dispatchedAt, version } = order;
  const self = `/orders/${encodeURIComponent(orderId)}`;
  return {
    orderId,
    customerId,
    status: publicStatus(status),
    reason,
    currency,
    items: lines.map(({ productId, quantity, priceMinor }) => ({
      productId,
      quantity,
      price: formatAmount(priceMinor, currency),
    })),
    totalPrice: formatAmount(totalMinor, currency),
    totalQuantity: lines.reduce((sum, { quantity }) => sum + quantity, 0),
    placedAt,
    updatedAt,
    dispatchedAt,
    version,
    _links: linksOf(self, status),
  };
}

/** The links of an order: only the commands that its status allows. */
function linksOf(self: string, status: LifecycleStatus): OrderBody['_links'] {
  const commands = commandsIn(status).map((name) => [name, { href: `${self}/${name}`, method: 'POST' }] as const);
  return { self: { href: self }, events: { href: `${self}/events` }, ...Object.fromEntries(commands) };
}

/** The order as it was when it was accepted: the first answer, which a replayed request gets too. */
export function asPlaced(order: Order): OrderBody {
  return toBody({ ...order, status: 'placed', reason: null, dispatchedAt: null, version: 1 }, order.placedAt);
}
