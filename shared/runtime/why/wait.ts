import { z } from '@hono/zod-openapi';

/** The most messages of one key that are read. */
export const MESSAGES_MAX = 1_000;

/**
 * One thing that a key (an order, a product) waits for. `detail` is a sentence for people; the rest is for programs.
 */
export const waitSchema = z
  .object({
    /** The function where it waits. */
    at: z.string(),
    kind: z.enum(['parked', 'dead_letter', 'discarded', 'unread', 'backordered', 'unsent', 'deadline', 'unavailable']),
    detail: z.string(),
    since: z.iso.datetime().optional(),
    /** When the wait ends or is tried again by itself. */
    until: z.iso.datetime().optional(),
    /** The message that blocks the key. */
    message: z.object({ id: z.string(), type: z.string() }).optional(),
    letter: z.string().optional(),
    error: z.string().optional(),
    attempt: z.int().optional(),
    place: z.int().optional(),
  })
  .openapi('Wait');
export type Wait = z.infer<typeof waitSchema>;

export function messageIn(attributes: object): { readonly id: string; readonly type: string } {
  const { id, type } = attributes as Readonly<Record<string, unknown>>;
  return { id: String(id), type: String(type) };
}
