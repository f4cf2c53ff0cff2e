import { z } from '@hono/zod-openapi';
import { type App, addPath, answers } from '../http/app.ts';
import { type Wait, waitSchema } from './waits.ts';

/** Why an order has not ended yet; `summary` is a sentence for people. */
export const whySchema = z
  .object({
    orderId: z.string(),
    status: z.string(),
    /** Whether it is known how the order ends. */
    hasOutcome: z.boolean(),
    summary: z.string(),
    waits: z.array(waitSchema),
  })
  .openapi('Why');
export type Why = z.infer<typeof whySchema>;

/**
 * `otherwise` is the summary where nothing is in the way. A deadline is in nobody's way, and comes last; what was discarded is
 * in the way of an order without its outcome alone.
 */
export function whyOf(
  order: { readonly orderId: string; readonly status: string; readonly hasOutcome: boolean },
  waits: readonly Wait[],
  otherwise: string,
): Why {
  const { orderId, status, hasOutcome } = order;
  const inTheWay = waits.filter(({ kind }) => kind !== 'deadline' && !(kind === 'discarded' && hasOutcome));
  const [first] = inTheWay;
  const summary = first === undefined ? otherwise : `${orderId} is ${status}: ${first.detail}`;
  return {
    orderId,
    status,
    hasOutcome,
    summary,
    waits: [...inTheWay, ...waits.filter(({ kind }) => kind === 'deadline')],
  };
}

export const waitsSchema = z.object({ waits: z.array(waitSchema) });

/** `GET /why/{key}`: what a key waits for at this function alone; for the gateway, which puts all of them together. */
export function addWhy(app: App, waitsOfKey: (key: string) => Promise<readonly Wait[]>): void {
  addPath(app, 'Operations', '/why/{key}', {
    get: {
      summary: 'What an order, or a product, waits for at this function',
      responses: { 200: answers('One entry for each thing; none when it waits for nothing here', waitsSchema) },
      handler: async (c) => c.json({ waits: await waitsOfKey(c.req.param('key') ?? '') }),
    },
  });
}
