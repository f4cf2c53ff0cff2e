import { z } from '@hono/zod-openapi';
import { QUANTITY_MAX, shortagePolicies } from '../../saga/messages.ts';
import { available, type StockLevel } from './state.ts';

export const stockSchema = z
  .object({
    productId: z.string(),
    name: z.string().nullable(),
    received: z.int(),
    onHand: z.int(),
    reserved: z.int(),
    available: z.int(),
    sold: z.int(),
    whenShort: z.enum(shortagePolicies),
    backordered: z.int(),
  })
  .openapi('Stock');

export const movementSchema = z
  .object({
    movementId: z.string(),
    kind: z.enum(['received', 'reserved', 'released', 'sold', 'returned']),
    quantity: z.int(),
    orderId: z.string().nullable(),
    causedBy: z.string(),
    at: z.iso.datetime(),
  })
  .openapi('Movement');

/** A place in the queue of a product; 1 is served next. */
export const backorderSchema = z
  .object({ orderId: z.string(), quantity: z.int(), place: z.int().min(1) })
  .openapi('Backorder');

export const receiptSchema = z
  .strictObject({
    quantity: z
      .int('must be a whole number')
      .min(1, 'must be at least 1')
      .max(QUANTITY_MAX, `must be at most ${QUANTITY_MAX}`),
    name: z.string().min(1).max(200).optional(),
  })
  .openapi('Receipt', { example: { quantity: 10, name: 'Lamp' } });

export const policySchema = z
  .strictObject({ whenShort: z.enum(shortagePolicies) })
  .openapi('StockPolicy', { example: { whenShort: 'wait' } });

/** The stock level of a product as clients see it. */
export function toBody(level: StockLevel): z.infer<typeof stockSchema> {
  const { productId, name, received, onHand, reserved, sold, whenShort, backordered } = level;
  return { productId, name, received, onHand, reserved, available: available(level), sold, whenShort, backordered };
}
