import { z } from 'zod';
import { currencyCodes, listedDigits, whyNoCurrency } from '../shared/core/currencies.ts';
import type { Draft, Message } from '../shared/core/message.ts';
import { firstVersion, type MessageCatalog, nextVersion } from '../shared/core/message-catalog.ts';
import { textSchema } from '../shared/core/text-length.ts';

/** An id that a client chooses. */
export const idSchema = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[A-Za-z0-9._:-]*$/, 'only A-Z a-z 0-9 . _ : - are allowed');

/** A currency in which a price can be given. Messages do not list them: the list changes, their schemas do not. */
export const currencySchema = z.enum(currencyCodes, { error: ({ input }) => whyNoCurrency(input) });

export const QUANTITY_MAX = 1_000_000;
export const LINES_MAX = 100;
/** Maximum length of a client's reason, in characters. */
export const REASON_MAX = 500;
/** Maximum length of the reason for a correction of stock, in characters. */
export const CORRECTION_REASON_MAX = 200;

const quantitySchema = z.int().min(1).max(QUANTITY_MAX);
const minorUnitsSchema = z.int().min(0);
const timeSchema = z.string();

const pricedLineSchema = z.object({ productId: idSchema, quantity: quantitySchema, priceMinor: minorUnitsSchema });
const pricedLinesSchema = z.array(pricedLineSchema).min(1).max(LINES_MAX);
const lineSchema = z.object({ productId: idSchema, quantity: z.int().min(1) });
const linesSchema = z.array(lineSchema).min(1).max(LINES_MAX);
const releasedLinesSchema = z.array(lineSchema).max(LINES_MAX);

/** Why an order is not fulfilled: stable codes for clients. */
export const reasonCodes = ['out_of_stock', 'unknown_product', 'expired', 'cancelled'] as const;

/** Why an order is not fulfilled: a stable code, a sentence for people, and the products concerned. */
const reasonSchema = z.object({
  code: z.enum(reasonCodes),
  detail: z.string(),
  productIds: z.array(idSchema),
});

const receiptSchema = z.object({
  productId: idSchema,
  quantity: quantitySchema,
  name: textSchema(1, 200).nullable(),
});

/** Units that are there beyond those in the ledger, or missing from it where negative; never 0. */
const correctionSchema = z.object({
  productId: idSchema,
  quantity: z
    .int()
    .min(-QUANTITY_MAX)
    .max(QUANTITY_MAX)
    .refine((quantity) => quantity !== 0),
  reason: textSchema(1, CORRECTION_REASON_MAX),
});

/** What happens to an order that asks for more than there is: it is rejected, or it waits until goods arrive. */
export const shortagePolicies = ['reject', 'wait'] as const;
export type ShortagePolicy = (typeof shortagePolicies)[number];

const policySchema = z.object({ productId: idSchema, whenShort: z.enum(shortagePolicies) });
const givenReasonSchema = textSchema(1, REASON_MAX);

/** How the order ended that gave its goods back. */
const endSchema = z.discriminatedUnion('end', [
  z.object({ end: z.literal('rejected'), reason: reasonSchema }),
  z.object({ end: z.literal('cancelled'), reason: givenReasonSchema }),
]);

const noticeShape = { orderId: idSchema, fact: z.string(), notificationId: z.string() };
const aboutOrder = { orderId: idSchema, customerId: idSchema };

/**
 * Each message type with its versions. A published version is never changed: `nextVersion(firstVersion(a), b, upcast)`
 * adds one, and a golden file for it lies beside. Amounts are minor units of `currency`. Lines with prices are as the
 * customer wrote them; lines without prices are summed by product.
 */
export const messageKinds = {
  PlaceOrder: firstVersion(
    z
      .object({
        ...aboutOrder,
        currency: z
          .string()
          .refine((code) => listedDigits(code) !== undefined, { error: ({ input }) => whyNoCurrency(input) }),
        lines: pricedLinesSchema,
      })
      .refine(({ lines }) => Number.isSafeInteger(totalOf(lines)), 'the total is too large'),
  ),
  OrderPlaced: firstVersion(
    z.object({
      ...aboutOrder,
      currency: z.string().length(3),
      lines: pricedLinesSchema,
      totalMinor: minorUnitsSchema,
      placedAt: timeSchema,
    }),
  ),
  CancelOrder: firstVersion(z.object({ orderId: idSchema, reason: givenReasonSchema })),
  DispatchOrder: firstVersion(z.object({ orderId: idSchema })),
  /** Sent by the timer of the order when its deadline has passed. */
  ExpireOrder: firstVersion(z.object({ orderId: idSchema })),
  StockReserved: firstVersion(z.object({ orderId: idSchema, lines: linesSchema })),
  /**
   * Nothing is held, and the order waits in the queue of each of its products. `productIds`: those that are short, of
   * which units are set aside for it. Published again, with the new `productIds`, when it is short of others.
   */
  StockBackordered: firstVersion(
    z.object({ orderId: idSchema, lines: linesSchema, productIds: z.array(idSchema).min(1) }),
  ),
  StockRejected: firstVersion(z.object({ orderId: idSchema, reason: reasonSchema })),
  OrderBackordered: firstVersion(z.object({ ...aboutOrder, productIds: z.array(idSchema).min(1) })),
  OrderConfirmed: firstVersion(z.object({ ...aboutOrder, lines: linesSchema })),
  OrderRejected: firstVersion(z.object({ ...aboutOrder, lines: linesSchema, reason: reasonSchema })),
  OrderCancelled: firstVersion(z.object({ ...aboutOrder, lines: linesSchema, reason: givenReasonSchema })),
  OrderDispatched: firstVersion(z.object({ ...aboutOrder, dispatchedAt: timeSchema })),
  StockSold: firstVersion(z.object({ orderId: idSchema, lines: linesSchema })),
  /** Without lines: nothing was held, and nothing will be held. */
  StockReleased: nextVersion(
    firstVersion(z.object({ orderId: idSchema, lines: releasedLinesSchema })),
    z.object({ orderId: idSchema, lines: releasedLinesSchema, because: endSchema.nullable() }),
    (data) => ({ ...data, because: null }),
  ),
  /** The sold units are on hand again. */
  StockReturned: nextVersion(
    firstVersion(z.object({ orderId: idSchema, lines: linesSchema })),
    z.object({ orderId: idSchema, lines: linesSchema, because: endSchema.nullable() }),
    (data) => ({ ...data, because: null }),
  ),
  /** The order came after its own rejection or cancellation, and nothing is held for it. */
  ReservationRefused: firstVersion(z.object({ orderId: idSchema })),
  /** `ahead`: what the orders before it in the queues of its products are short of, at most. */
  FillBackorder: firstVersion(
    z.object({ orderId: idSchema, lines: linesSchema, ahead: z.array(lineSchema).max(LINES_MAX) }),
  ),
  SetStockPolicy: firstVersion(policySchema),
  StockPolicySet: firstVersion(policySchema),
  ReceiveStock: firstVersion(receiptSchema),
  /** The first stock of a product; ignored when the product is known. */
  SeedStock: firstVersion(receiptSchema),
  StockReceived: firstVersion(receiptSchema),
  CorrectStock: firstVersion(correctionSchema),
  StockCorrected: firstVersion(correctionSchema),
  NoticesSent: firstVersion(
    z.object({
      notices: z.array(z.object({ orderId: idSchema, fact: z.string() })).min(1),
      sentAt: timeSchema,
    }),
  ),
  /** One attempt to send each of these notices, counted from 1. The channel has accepted those without a `refusal`. */
  NoticesAttempted: firstVersion(
    z.object({
      notices: z
        .array(
          z.object({
            ...noticeShape,
            attempt: z.int().min(1),
            refusal: z.object({ detail: z.string(), isTerminal: z.boolean(), retryAfterMs: z.int().min(0) }).nullable(),
          }),
        )
        .min(1),
      attemptedAt: timeSchema,
    }),
  ),
  /** An operator has failed notices sent again. */
  SendNoticesAgain: firstVersion(
    z.object({ notices: z.array(z.object(noticeShape)).min(1), who: z.string().min(1), reason: givenReasonSchema }),
  ),
} as const satisfies MessageCatalog['kinds'];

export type MessageType = keyof typeof messageKinds;
export type DataOf<Type extends MessageType> = z.infer<(typeof messageKinds)[Type]['schema']>;
/** A message of one of these types, with its envelope. */
export type MessageOf<Type extends MessageType> = { [T in Type]: Message<T, DataOf<T>> }[Type];
/** An event of one of these types, before it has its envelope. */
export type DraftOf<Type extends MessageType> = { [T in Type]: Draft<T, DataOf<T>> }[Type];

export type Reason = z.infer<typeof reasonSchema>;
export type End = z.infer<typeof endSchema>;
export type Line = z.infer<typeof lineSchema>;
export type PricedLine = z.infer<typeof pricedLineSchema>;

export function isMessageType(type: string): type is MessageType {
  return Object.hasOwn(messageKinds, type);
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
