import { z } from '@hono/zod-openapi';
import { hasOutcome } from '../../saga/lifecycle.ts';
import { idSchema } from '../../saga/messages.ts';
import { type App, addPath, answers } from '../../shared/runtime/http/app.ts';
import type { Wait } from '../../shared/runtime/why/wait.ts';
import { explainWaits, whyFields } from '../../shared/runtime/why/why-routes.ts';
import type { FunctionContext } from '../../shared/runtime/worker/function-context.ts';
import { existingOrder } from './find-order.ts';
import { ofOrder } from './representation.ts';
import { orders } from './tables.ts';

/** Why an order has not ended yet. */
const whySchema = z.object({ orderId: idSchema, ...whyFields }).openapi('Why');
export type Why = z.infer<typeof whySchema>;

/** `GET /orders/{orderId}/why` with what order knows; the gateway adds what the other functions know. */
export function addOrderWhy(
  app: App,
  context: FunctionContext,
  waitsOfKey: (key: string) => Promise<readonly Wait[]>,
): void {
  addPath(app, 'Orders', '/orders/{orderId}/why', {
    get: {
      operationId: 'explainOrder',
      summary: 'Why an order has not ended: what it waits for, where, since when and until when',
      description:
        'At the gateway with what all functions know, at order with what order knows. A function that is unavailable is a wait.',
      request: { params: ofOrder },
      responses: { 200: answers('What it waits for', whySchema) },
      handler: async (c) => {
        const { order } = await existingOrder(context, c.req.param('orderId') ?? '');
        const { orderId, status } = order;
        const isOver = hasOutcome(status);
        const otherwise = isOver
          ? `${orderId} is ${status} and waits for nothing`
          : `${orderId} is ${status}, and its messages are being handled right now`;
        const saga = { id: orderId, status, hasOutcome: isOver };
        const { summary, waits } = explainWaits(saga, await waitsOfKey(orderId), otherwise);
        return c.json({ orderId, status, hasOutcome: isOver, summary, waits } satisfies Why);
      },
    },
  });
}

/** The deadline of an order, when it has one. */
export async function deadlineWaits(
  { store }: Pick<FunctionContext, 'store'>,
  orderId: string,
): Promise<readonly Wait[]> {
  const [row] = await store.find({ table: orders, where: { orderId }, limit: 1 });
  if (row === undefined || row.dueAt === null) return [];
  const detail = `order rejects ${orderId} at ${row.dueAt} when it has no outcome by then`;
  return [{ at: 'order', kind: 'deadline', detail, until: row.dueAt }];
}
