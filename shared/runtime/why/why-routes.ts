import { z } from '@hono/zod-openapi';
import { type App, addPath, answers } from '../http/app.ts';
import { type Wait, waitSchema } from './wait.ts';

/** The fields of every answer to "why has this saga not ended"; the function that owns the saga adds the id. */
export const whyFields = {
  status: z.string(),
  /** Whether the outcome of the saga is known. */
  hasOutcome: z.boolean(),
  /** A sentence for operators. */
  summary: z.string(),
  waits: z.array(waitSchema),
};

/**
 * What a saga waits for, the most pressing wait first, and a sentence about it. `otherwise` is the sentence where
 * nothing blocks the saga. A deadline blocks nothing and comes last; a discarded message blocks only a saga without an
 * outcome.
 */
export function explainWaits(
  saga: { readonly id: string; readonly status: string; readonly hasOutcome: boolean },
  waits: readonly Wait[],
  otherwise: string,
): { readonly summary: string; readonly waits: Wait[] } {
  const blocking = waits.filter(({ kind }) => kind !== 'deadline' && !(kind === 'discarded' && saga.hasOutcome));
  const [first] = blocking;
  const summary = first === undefined ? otherwise : `${saga.id} is ${saga.status}: ${first.detail}`;
  return { summary, waits: [...blocking, ...waits.filter(({ kind }) => kind === 'deadline')] };
}

export const waitsSchema = z.object({ waits: z.array(waitSchema) });

/** `GET /why/{key}`: what a key waits for at this function alone; the gateway combines the functions. */
export function addWhy(app: App, waitsOfKey: (key: string) => Promise<readonly Wait[]>): void {
  addPath(app, 'Operations', '/why/{key}', {
    get: {
      operationId: 'explainKey',
      summary: 'What a partition key (the id of an order or a product) waits for at this function',
      description: 'At a function alone. The gateway has GET /orders/{orderId}/why, which combines the functions.',
      request: { params: z.object({ key: z.string().openapi({ description: 'The key', example: 'ORDER_001' }) }) },
      responses: { 200: answers('One entry per wait; none when it waits for nothing here', waitsSchema) },
      handler: async (c) => c.json({ waits: await waitsOfKey(c.req.param('key') ?? '') }),
    },
  });
}
