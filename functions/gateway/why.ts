import { z } from '@hono/zod-openapi';
import { AppError } from '../../shared/core/errors.ts';
import { type App, type AppContext, requestIdOf } from '../../shared/runtime/http/app.ts';
import type { Wait } from '../../shared/runtime/why/wait.ts';
import { explainWaits, waitsSchema, whyFields } from '../../shared/runtime/why/why-routes.ts';
import type { Upstream } from './upstream.ts';

const whySchema = z.object({ orderId: z.string(), ...whyFields });

/**
 * `GET /orders/{orderId}/why`: the answer of order, with the waits at the other functions. An unavailable function is a
 * wait.
 */
export function addWhyOfOrders(app: App, order: Upstream, others: readonly Upstream[]): void {
  app.get('/orders/:orderId/why', async (c) => {
    const response = await order.fetch(c.req.raw, requestIdOf(c));
    if (!response.ok) return response;
    const why = whySchema.parse(await response.json());
    const elsewhere = await Promise.all(others.map((upstream) => waitsAt(c, upstream, why.orderId)));
    const saga = { id: why.orderId, status: why.status, hasOutcome: why.hasOutcome };
    return c.json({ ...why, ...explainWaits(saga, [...why.waits, ...elsewhere.flat()], why.summary) });
  });
}

async function waitsAt(c: AppContext, upstream: Upstream, orderId: string): Promise<readonly Wait[]> {
  const { name } = upstream;
  try {
    const url = new URL(`/why/${encodeURIComponent(orderId)}`, c.req.url);
    const response = await upstream.fetch(new Request(url), requestIdOf(c));
    if (response.ok) return waitsSchema.parse(await response.json()).waits;
    return [{ at: name, kind: 'unavailable', detail: `${name} answers with status ${response.status}` }];
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return [{ at: name, kind: 'unavailable', detail: `${name} is unavailable` }];
  }
}
