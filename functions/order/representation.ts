import { z } from '@hono/zod-openapi';
import { commandsIn, type OrderStatus, orderStatuses } from '../../saga/lifecycle.ts';
import {
  currencySchema,
  idSchema,
  LINES_MAX,
  QUANTITY_MAX,
  REASON_MAX,
  reasonCodes,
  totalOf,
} from '../../saga/messages.ts';
import { AppError, type FieldError } from '../../shared/core/errors.ts';
import { currencyDigits, formatAmount, parseAmount } from '../../shared/core/money.ts';
import { textSchema } from '../../shared/core/text-length.ts';
import { laterOf } from '../../shared/core/utc-time.ts';
import { linksSchema } from '../../shared/runtime/http/paging.ts';
import type { Order, OrderInput } from './state.ts';
import type { FoundOrder } from './tables.ts';

/** More is no exact number of minor units in any currency. */
const AMOUNT_MAX = 999_999_999_999_999;
/** In major units. How many digits it may have after the point is a matter of the currency. */
const AMOUNT_RULE =
  'must be a plain number from 0, such as 10.00, with as many digits after the point as the currency has, at most 4';
const amountSchema = z.union(
  [
    z
      .number()
      .min(0, AMOUNT_RULE)
      .max(AMOUNT_MAX)
      .refine((amount) => !Object.is(amount, -0), AMOUNT_RULE),
    z.string().regex(/^\d{1,15}(?:\.\d{1,4})?$/, AMOUNT_RULE),
  ],
  AMOUNT_RULE,
);

/** The path parameter of an order. */
export const ofOrder = z.object({
  orderId: idSchema.meta({ description: 'The id of the order', example: 'ORDER_001' }),
});

/**
 * The id of a new order: neither `.` nor `..`, since an address with one of them leads elsewhere. The pattern has no
 * lookahead: it is in the OpenAPI document, and many readers of that know none.
 */
const newOrderIdSchema = z
  .string()
  .min(1)
  .max(64)
  .regex(
    /^(?:(?:\.{0,2}[A-Za-z0-9_:-]|\.{3})[A-Za-z0-9._:-]*)?$/,
    'only A-Z a-z 0-9 . _ : - are allowed, and neither . nor .. alone',
  );

/** An order as a client sends it. Prices are in major units. */
export const placeOrderSchema = z
  .strictObject({
    orderId: newOrderIdSchema.optional().openapi({ description: 'Required where there is no Idempotency-Key' }),
    customerId: idSchema,
    currency: currencySchema.optional().openapi({ description: 'ISO 4217; DEFAULT_CURRENCY where it is left out' }),
    items: z
      .array(
        z.strictObject({
          productId: idSchema,
          quantity: z
            .int('must be a whole number')
            .min(1, 'must be at least 1')
            .max(QUANTITY_MAX, `must be at most ${QUANTITY_MAX}`),
          price: amountSchema.openapi({ description: 'For one unit, in major units' }),
        }),
      )
      .min(1)
      .max(LINES_MAX),
    totalPrice: amountSchema.optional().openapi({ description: 'Checked against the items when it is given' }),
    totalQuantity: z
      .int()
      .min(1)
      .max(LINES_MAX * QUANTITY_MAX)
      .optional()
      .openapi({ description: 'Checked against the items when it is given' }),
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
  .strictObject({ reason: textSchema(1, REASON_MAX) })
  .openapi('CancelOrder', { example: { reason: 'I have changed my mind' } });

export const orderSchema = z
  .object({
    orderId: z.string(),
    customerId: z.string(),
    status: z.enum(orderStatuses).openapi({ description: 'Its outcome is known unless it is placed or backordered' }),
    reason: z
      .object({ code: z.enum(reasonCodes), detail: z.string(), productIds: z.array(z.string()) })
      .nullable()
      .openapi({ description: 'Why it is rejected or cancelled; null otherwise' }),
    currency: z.string().openapi({ description: 'ISO 4217' }),
    items: z
      .array(z.object({ productId: z.string(), quantity: z.int().min(1), price: z.string() }))
      .openapi({ description: 'The lines as they were ordered' }),
    totalPrice: z.string().openapi({ description: 'In major units, with all digits of the currency' }),
    totalQuantity: z.int().min(1),
    placedAt: z.iso.datetime().openapi({ description: 'When the store received the order' }),
    updatedAt: z.iso.datetime().openapi({ description: 'When it was last changed; never before placedAt' }),
    requestedAt: z.iso.datetime({ offset: true }).nullable().openapi({
      description: 'The time in the command as its sender wrote it; null over HTTP, or where it gave none',
    }),
    dispatchedAt: z.iso.datetime().nullable().openapi({ description: 'When it was dispatched; null before' }),
    version: z.int().min(1).openapi({ description: 'Rises with each change' }),
    _links: linksSchema,
  })
  .openapi('Order', {
    example: {
      orderId: 'ORDER_001',
      customerId: 'CUSTOMER_001',
      status: 'confirmed',
      reason: null,
      currency: 'EUR',
      items: [
        { productId: 'PRODUCT_001', quantity: 3, price: '10.00' },
        { productId: 'PRODUCT_002', quantity: 2, price: '5.00' },
      ],
      totalPrice: '40.00',
      totalQuantity: 5,
      placedAt: '2026-03-01T10:00:00.000Z',
      updatedAt: '2026-03-01T10:00:00.012Z',
      requestedAt: null,
      dispatchedAt: null,
      version: 2,
      _links: {
        self: { href: '/orders/ORDER_001' },
        events: { href: '/orders/ORDER_001/events' },
        cancel: { href: '/orders/ORDER_001/cancel', method: 'POST' },
        dispatch: { href: '/orders/ORDER_001/dispatch', method: 'POST' },
      },
    },
  });

const nonEmpty = z.string().min(1);
const eventSchema = z
  .object({
    specversion: z.literal('1.0'),
    id: nonEmpty,
    source: nonEmpty.openapi({ description: 'The function that published it, or who sent it; names it with `id`' }),
    type: nonEmpty,
    time: z.iso.datetime(),
    subject: z.string().openapi({ description: 'What it is about: an order or a product' }),
    datacontenttype: z.literal('application/json'),
    partitionkey: z.string(),
    correlationid: z.string().openapi({ description: 'The id of the first message of the saga' }),
    causationid: z.string().openapi({ description: 'The id of the message that this one answers' }),
    schemaversion: z.int().min(1),
    data: z.unknown(),
  })
  // Senders add extension attributes, and so do later versions.
  .catchall(z.unknown())
  .openapi('CloudEvent', { description: 'CloudEvents 1.0, with the extension attributes of the store' });

/** The events of an order. */
export const eventsSchema = z.object({ events: z.array(eventSchema) });

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
export function toBody({ order, updatedAt, requestedAt }: FoundOrder): OrderBody {
  const { orderId, customerId, status, reason, currency, lines, totalMinor, placedAt, dispatchedAt, version } = order;
  const self = `/orders/${encodeURIComponent(orderId)}`;
  return {
    orderId,
    customerId,
    status,
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
    // A row of an older program may have been changed before it was placed.
    updatedAt: laterOf(updatedAt, placedAt),
    requestedAt,
    dispatchedAt,
    version,
    _links: linksOf(self, status),
  };
}

/** The links of an order: only the commands that its status allows. */
function linksOf(self: string, status: OrderStatus): OrderBody['_links'] {
  const commands = commandsIn(status).map((name) => [name, { href: `${self}/${name}`, method: 'POST' }] as const);
  return { self: { href: self }, events: { href: `${self}/events` }, ...Object.fromEntries(commands) };
}

/** The order as it was when it was accepted: the first answer, which a replayed request gets too. */
export function asPlaced({ order, requestedAt }: FoundOrder): OrderBody {
  const placed: Order = { ...order, status: 'placed', reason: null, dispatchedAt: null, version: 1 };
  return toBody({ order: placed, updatedAt: order.placedAt, requestedAt });
}
