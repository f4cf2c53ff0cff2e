import { z } from '@hono/zod-openapi';
import { CORRECTION_REASON_MAX, QUANTITY_MAX, shortagePolicies } from '../../saga/messages.ts';
import { textSchema, trimmedTextSchema } from '../../shared/core/text-length.ts';
import { waitSchema } from '../../shared/runtime/why/wait.ts';
import type { QueuePlace } from './queue.ts';
import { available, type StockLevel, setAside } from './state.ts';

/** A number of units. */
function count(description: string) {
  return z.int().min(0).openapi({ description });
}

export const stockSchema = z
  .object({
    productId: z.string(),
    name: z.string().nullable(),
    received: count('Units received so far, with corrections; received = onHand + sold'),
    onHand: count('Units in the warehouse; onHand = available + setAside + reserved'),
    reserved: count('Units that orders hold'),
    available: count('Units that a new order can take; available = onHand - reserved - setAside'),
    setAside: count('Units at hand that are kept for waiting orders; setAside = min(onHand - reserved, backordered)'),
    sold: count('Units sold and not returned'),
    corrected: z.int().openapi({ description: 'Sum of the corrections, which may be negative; counted in received' }),
    whenShort: z.enum(shortagePolicies).openapi({ description: 'What becomes of an order that asks for more' }),
    backordered: count('Units that waiting orders ask for while they are short of this product'),
  })
  .openapi('Stock', {
    example: {
      productId: 'PRODUCT_001',
      name: 'Lamp',
      received: 10,
      onHand: 7,
      reserved: 0,
      available: 7,
      setAside: 0,
      sold: 3,
      corrected: 0,
      whenShort: 'reject',
      backordered: 0,
    },
  });

export const movementSchema = z
  .object({
    movementId: z.string(),
    kind: z.enum(['received', 'reserved', 'released', 'sold', 'returned', 'corrected']),
    quantity: z.int().openapi({ description: 'Units; negative where a correction takes units away' }),
    orderId: z.string().nullable(),
    causedBy: z.string().openapi({ description: 'The id of the message that moved the units' }),
    at: z.iso.datetime(),
    reason: z.string().nullable().openapi({ description: 'Why the stock was corrected; null for other kinds' }),
  })
  .openapi('Movement');

/** A place in the queue of a product; 1 is served next. */
export const backorderSchema = z
  .object({
    orderId: z.string(),
    quantity: z.int(),
    place: z.int().min(1),
    short: z.boolean().openapi({ description: 'Whether the order is short of this product, and not only of others' }),
    setAside: count('Units at hand that are kept for this order; none unless it is short of this product'),
  })
  .openapi('Backorder');

/** Where the units of a product are, and for which orders some are set aside or missing. */
export const stockWhySchema = z
  .object({ productId: z.string(), summary: z.string(), waits: z.array(waitSchema) })
  .openapi('StockWhy');

export const receiptSchema = z
  .strictObject({
    quantity: z
      .int('must be a whole number')
      .min(1, 'must be at least 1')
      .max(QUANTITY_MAX, `must be at most ${QUANTITY_MAX}`),
    name: textSchema(1, 200).optional(),
  })
  .openapi('Receipt', { example: { quantity: 10, name: 'Lamp' } });

export const correctionSchema = z
  .strictObject({
    quantity: z
      .int('must be a whole number')
      .min(-QUANTITY_MAX, `must be at least -${QUANTITY_MAX}`)
      .max(QUANTITY_MAX, `must be at most ${QUANTITY_MAX}`)
      .refine((quantity) => quantity !== 0, 'must not be 0')
      .openapi({ not: { const: 0 }, description: 'Units that were found, or that are missing where it is negative' }),
    reason: trimmedTextSchema(CORRECTION_REASON_MAX),
  })
  .openapi('Correction', { example: { quantity: -3, reason: 'broken in the warehouse' } });

export const policySchema = z
  .strictObject({ whenShort: z.enum(shortagePolicies) })
  .openapi('StockPolicy', { example: { whenShort: 'wait' } });

export type StockBody = z.infer<typeof stockSchema>;

/** The stock level of a product as clients see it. */
export function toBody(level: StockLevel): StockBody {
  const { productId, name, received, onHand, reserved, sold, corrected, whenShort, backordered } = level;
  const free = { available: available(level), setAside: setAside(level) };
  return { productId, name, received, onHand, reserved, ...free, sold, corrected, whenShort, backordered };
}

/** A place in a queue as clients see it. */
export function toBackorder({
  orderId,
  quantity,
  place,
  short,
  setAside,
}: QueuePlace): z.infer<typeof backorderSchema> {
  return { orderId, quantity, place, short, setAside };
}
