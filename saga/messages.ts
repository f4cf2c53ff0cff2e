import { z } from 'zod';
import type { Draft, Message } from '../shared/core/message.ts';
import { isCurrency } from '../shared/core/money.ts';

/** An id given by a client. */
export const idSchema = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[A-Za-z0-9._:-]*$/, 'only A-Z a-z 0-9 . _ : - are allowed');

export const QUANTITY_MAX = 1_000_000;
export const LINES_MAX = 100;

const quantitySchema = z.int().min(1).max(QUANTITY_MAX);
const minorUnitsSchema = z.int().min(0);
const timeSchema = z.string();

const pricedLineSchema = z.object({ productId: idSchema, quantity: quantitySchema, priceMinor: minorUnitsSchema });
const pricedLinesSchema = z.array(pricedLineSchema).min(1).max(LINES_MAX);
const lineSchema = z.object({ productId: idSchema, quantity: z.int().min(1) });
const linesSchema = z.array(lineSchema).min(1).max(LINES_MAX);

export const rejectionCodes = ['out_of_stock', 'unknown_product', 'payment_declined', 'expired'] as const;

/** Why an order was not accepted: a stable word, a sentence for people, and the products concerned. */
const reasonSchema = z.object({
  code: z.enum(rejectionCodes),
  detail: z.string(),
  productIds: z.array(idSchema),
});

const receiptSchema = z.object({
  productId: idSchema,
  quantity: quantitySchema,
  name: z.string().min(1).max(200).nullable(),
});

const aboutOrder = { orderId: idSchema, customerId: idSchema };

/**
 * What each message says, by type. A published version is never changed,
 * a new one is added beside it. Amounts are minor units of `currency`. Lines with prices stand as the customer wrote them;
 * lines without are summed by product.
 */
export const schemas = {
  PlaceOrder: z
    .object({
      ...aboutOrder,
      currency: z.string().refine(isCurrency, 'this is no currency of ISO 4217'),
      lines: pricedLinesSchema,
    })
    .refine(({ lines }) => Number.isSafeInteger(totalOf(lines)), 'the total is too large'),
  OrderPlaced: z.object({
    ...aboutOrder,
    currency: z.string().length(3),
    lines: pricedLinesSchema,
    totalMinor: minorUnitsSchema,
    placedAt: timeSchema,
  }),
  StockReserved: z.object({ orderId: idSchema, lines: linesSchema }),
  StockRejected: z.object({ orderId: idSchema, reason: reasonSchema }),
  OrderConfirmed: z.object({ ...aboutOrder, lines: linesSchema }),
  OrderRejected: z.object({ ...aboutOrder, lines: linesSchema, reason: reasonSchema }),
  StockSold: z.object({ orderId: idSchema, lines: linesSchema }),
  /** Without lines: nothing was held, and nothing will be. */
  StockReleased: z.object({ orderId: idSchema, lines: z.array(lineSchema).max(LINES_MAX) }),
  ReceiveStock: receiptSchema,
  /** The first stock of a product; nothing where the product is known. */
  SeedStock: receiptSchema,
  StockReceived: receiptSchema,
  NoticesSent: z.object({
    notices: z.array(z.object({ orderId: idSchema, fact: z.string() })).min(1),
    sentAt: timeSchema,
  }),
} as const;

/** The version each message is written in now. */
export const SCHEMA_VERSION = 1;

export type MessageType = keyof typeof schemas;
export type DataOf<Type extends MessageType> = z.infer<(typeof schemas)[Type]>;
/** A message of one of these types, with its envelope. */
export type MessageOf<Type extends MessageType> = { [T in Type]: Message<T, DataOf<T>> }[Type];
/** An event of one of these types, before it has its envelope. */
export type DraftOf<Type extends MessageType> = { [T in Type]: Draft<T, DataOf<T>> }[Type];

export type Reason = z.infer<typeof reasonSchema>;
export type Line = z.infer<typeof lineSchema>;
export type PricedLine = z.infer<typeof pricedLineSchema>;

export function isMessageType(type: string): type is MessageType {
  return Object.hasOwn(schemas, type);
}

/** What these lines cost together, in minor units. */
export function totalOf(lines: readonly PricedLine[]): number {
  return lines.reduce((sum, { quantity, priceMinor }) => sum + quantity * priceMinor, 0);
}

/** The lines of one product become one line; products keep the order in which they first appear. */
export function sumByProduct(lines: readonly Line[]): readonly Line[] {
  const sums = new Map<string, number>();
  for (const { productId, quantity } of lines) sums.set(productId, (sums.get(productId) ?? 0) + quantity);
  return [...sums].map(([productId, quantity]) => ({ productId, quantity }));
}
