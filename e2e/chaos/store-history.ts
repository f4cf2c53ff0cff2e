/** Reads everything that the history check compares from a settled store, over HTTP like any client. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { StoredMovement, StoredOrder, StoreHistory } from './history.ts';
import { keepAliveAgent, send } from './http.ts';

const PAGE = 200;
const PAGES_MAX = 100_000;
const CONCURRENCY = 8;
const ANSWER_MAX_MS = 10_000;
/** A function whose disk has erred looks at it again within seconds, and answers 503 until then. */
const UNAVAILABLE_MAX_MS = 30_000;
const AGAIN_MS = 200;

const linksSchema = z.object({ next: z.object({ href: z.string() }).optional() });
const orderSchema = z.object({
  orderId: z.string(),
  status: z.string(),
  reason: z.object({ code: z.string() }).nullable(),
  items: z.array(z.object({ productId: z.string(), quantity: z.number() })),
});
const eventSchema = z.object({ id: z.string(), type: z.string(), time: z.string() });
const movementSchema = z.object({
  kind: z.string(),
  quantity: z.number(),
  orderId: z.string().nullable(),
  at: z.string(),
});
const noticeSchema = z.object({ orderId: z.string(), fact: z.string() });

type Get = (path: string) => Promise<unknown>;

/** @throws when the store does not answer, or an answer differs from its documentation */
export function readStoreHistory(gateway: string): Promise<StoreHistory> {
  return withGet(gateway, async (get) => {
    const orders = await listOf(get, 'orders', orderSchema);
    const stored = await mapConcurrently(orders, async ({ orderId, status, reason, items }): Promise<StoredOrder> => {
      const { events } = z.object({ events: z.array(eventSchema) }).parse(await get(`/orders/${orderId}/events`));
      return { orderId, status, reason: reason?.code ?? null, lines: items, events };
    });
    const notices = await listOf(get, 'notifications', noticeSchema);
    return { orders: stored, movements: await movementsOf(get), notices };
  });
}

/** All stock movements. @throws as above */
export function readMovements(gateway: string): Promise<readonly StoredMovement[]> {
  return withGet(gateway, movementsOf);
}

/** The quantity of each product that backordered orders need. @throws as above */
export function readNeeds(gateway: string): Promise<ReadonlyMap<string, number>> {
  return withGet(gateway, async (get) => {
    const waiting = await listOf(get, 'orders', orderSchema, '/orders', '&status=backordered');
    const needs = new Map<string, number>();
    for (const { productId, quantity } of waiting.flatMap(({ items }) => items)) {
      needs.set(productId, (needs.get(productId) ?? 0) + quantity);
    }
    return needs;
  });
}

async function withGet<Result>(gateway: string, read: (get: Get) => Promise<Result>): Promise<Result> {
  const agent = keepAliveAgent();
  try {
    return await read(async (path) => {
      const endMs = performance.now() + UNAVAILABLE_MAX_MS;
      for (;;) {
        const reply = await send('GET', gateway + path, { agent, timeoutMs: ANSWER_MAX_MS });
        if (reply.status === 200) return JSON.parse(reply.text);
        const isUnavailable = reply.status === 503 && performance.now() < endMs;
        if (!isUnavailable) throw new Error(`GET ${path} was answered with ${reply.status}: ${reply.text}`);
        await sleep(AGAIN_MS);
      }
    });
  } finally {
    agent.destroy();
  }
}

async function movementsOf(get: Get): Promise<readonly StoredMovement[]> {
  const stock = await listOf(get, 'stock', z.object({ productId: z.string() }));
  const lists = await mapConcurrently(stock, async ({ productId }) => {
    const movements = await listOf(get, 'movements', movementSchema, `/stock/${productId}/movements`);
    return movements.map((movement) => ({ productId, ...movement }));
  });
  return lists.flat();
}

/** The items of all pages of a list. */
async function listOf<Item>(
  get: Get,
  name: string,
  itemSchema: z.ZodType<Item>,
  path = `/${name}`,
  filter = '',
): Promise<readonly Item[]> {
  const items: Item[] = [];
  const pageSchema = z.object({ [name]: z.array(itemSchema), _links: linksSchema });
  let next: string | undefined = `${path}?limit=${PAGE}${filter}`;
  for (let page = 0; next !== undefined && page < PAGES_MAX; page++) {
    const body: Record<string, unknown> = pageSchema.parse(await get(next));
    items.push(...(body[name] as readonly Item[]));
    next = (body['_links'] as z.infer<typeof linksSchema>).next?.href;
  }
  return items;
}

/** Returns the results in the order of the items; `CONCURRENCY` run at a time. */
async function mapConcurrently<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) {
      results[index] = await work(items[index] as Item);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return results;
}
