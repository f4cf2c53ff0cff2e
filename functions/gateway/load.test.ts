import { afterEach, describe, expect, it } from 'vitest';
import { waitUntil } from '../../e2e/tools/wait-until.ts';
import type { OrderStatus } from '../../saga/lifecycle.ts';
import { AppError } from '../../shared/core/errors.ts';
import { createApp } from '../../shared/runtime/http/app.ts';
import { logLines } from '../../shared/testing/log-lines.ts';
import { addLoadRoutes, Loads } from './load.ts';
import type { LoadClient } from './load-client.ts';
import type { LoadBody, LoadRequestInput } from './load-representation.ts';

const path = '/automation-testing/load';

const stops: AbortController[] = [];
afterEach(() => {
  for (const stopping of stops.splice(0)) stopping.abort();
});

/** A store that notes what is asked of it; `settles`: its orders get their outcome. */
class FakeStore implements LoadClient {
  readonly placed: string[] = [];
  readonly short: string[] = [];
  readonly cancelled = new Set<string>();
  readonly stocked: number[] = [];
  settles = true;
  refusal: AppError | null = null;
  /** Set: no post is answered before it resolves. */
  hold: Promise<void> | null = null;
  statuses: ((orderId: string) => OrderStatus | null) | null = null;

  async place(orderId: string, isShort: boolean): Promise<void> {
    this.placed.push(orderId);
    if (isShort) this.short.push(orderId);
    await this.hold;
    if (this.refusal !== null) throw this.refusal;
  }

  async cancel(orderId: string): Promise<boolean> {
    if (this.short.includes(orderId)) return false;
    this.cancelled.add(orderId);
    return true;
  }

  async statusOf(orderId: string): Promise<OrderStatus | null> {
    if (this.statuses !== null) return this.statuses(orderId);
    if (!this.settles) return 'placed';
    if (this.cancelled.has(orderId)) return 'cancelled';
    return this.short.includes(orderId) ? 'rejected' : 'confirmed';
  }

  async ensureStock(units: number): Promise<void> {
    this.stocked.push(units);
    if (this.refusal !== null) throw this.refusal;
  }
}

function gatewayOver(store: LoadClient) {
  const stopping = new AbortController();
  stops.push(stopping);
  const app = createApp(logLines().logger);
  addLoadRoutes(app, new Loads(() => store, stopping.signal));
  const ask = async (method: string, body?: unknown) => {
    const json = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await app.request(path, { method, ...(body === undefined ? {} : json) });
    const location = response.headers.get('location');
    return { status: response.status, location, body: (await response.json()) as LoadBody & { detail?: string } };
  };
  const start = (request: LoadRequestInput) => ask('POST', request);
  /** Waits until this holds of the load. */
  const until = async (holds: (load: LoadBody) => boolean): Promise<LoadBody> => {
    let { body } = await ask('GET');
    await waitUntil(async () => {
      body = (await ask('GET')).body;
      return holds(body);
    });
    return body;
  };
  return { ask, start, until, stopping };
}
const isSettled = ({ running, outcomes }: LoadBody) => !running && outcomes.waiting === 0;

describe('a load', () => {
  it('is none at first', async () => {
    const { status, body } = await gatewayOver(new FakeStore()).ask('GET');

    expect([status, body]).toMatchObject([200, { running: false, ordersPerSecond: null, startedAt: null, sent: 0 }]);
  });

  it('sends its orders for its time, receives goods for them, and counts their outcomes', async () => {
    const store = new FakeStore();
    const { start, until } = gatewayOver(store);

    const started = await start({ ordersPerSecond: 40, forS: 1 });
    const ended = await until(isSettled);

    expect([started.status, started.location, started.body.running]).toEqual([202, path, true]);
    expect(ended).toMatchObject({
      sent: 40,
      acknowledged: 40,
      failed: 0,
      skipped: 0,
      duplicates: 0,
      lastFailure: null,
    });
    expect(ended.outcomes).toEqual({ confirmed: 40, rejected: 0, cancelled: 0, waiting: 0, removed: 0 });
    expect(new Set(store.placed).size).toBe(40);
    expect(store.stocked).toEqual([40]);
    expect(Date.parse(ended.endsAt ?? '') - Date.parse(ended.startedAt ?? '')).toBe(1_000);
  });

  it.each([
    [{ short: 1 }, { confirmed: 0, rejected: 10, cancelled: 0 }, 10, 0],
    [{ duplicate: 1 }, { confirmed: 10, rejected: 0, cancelled: 0 }, 20, 10],
    [{ cancel: 1 }, { confirmed: 0, rejected: 0, cancelled: 10 }, 10, 0],
    // What is rejected can no longer be cancelled.
    [{ short: 1, duplicate: 1, cancel: 1 }, { confirmed: 0, rejected: 10, cancelled: 0 }, 20, 10],
  ])('with the mix %j has the outcomes %j', async (mix, outcomes, posts, duplicates) => {
    const store = new FakeStore();
    const { start, until } = gatewayOver(store);

    await start({ ordersPerSecond: 10, forS: 1, mix });
    const ended = await until(isSettled);

    expect(ended.outcomes).toMatchObject(outcomes);
    expect([store.placed.length, ended.duplicates]).toEqual([posts, duplicates]);
  });

  it('goes on while orders wait, and counts them when they have their outcome', async () => {
    const store = new FakeStore();
    store.settles = false;
    const { start, until } = gatewayOver(store);
    await start({ ordersPerSecond: 100, forS: 1 });

    const waiting = await until(({ running }) => !running);
    store.settles = true;
    const ended = await until(isSettled);

    expect(waiting.outcomes).toMatchObject({ waiting: 100, confirmed: 0 });
    expect(ended.outcomes).toMatchObject({ waiting: 0, confirmed: 100 });
  });

  it('counts what the store refuses, and says why', async () => {
    const store = new FakeStore();
    const { start, until } = gatewayOver(store);
    await start({ ordersPerSecond: 20, forS: 1 });
    store.refusal = new AppError('unavailable', 'order is away');

    const ended = await until(isSettled);

    expect(ended.acknowledged + ended.failed).toBe(20);
    expect(ended.failed).toBeGreaterThan(10);
    expect(ended.lastFailure).toBe('order is away');
  });

  it('skips what is due while too many orders are under way, so that a slow store is not flooded', async () => {
    const store = new FakeStore();
    let release: () => void = () => undefined;
    store.hold = new Promise((resolve) => {
      release = resolve;
    });
    const { start, until } = gatewayOver(store);
    await start({ ordersPerSecond: 500, forS: 1 });

    const over = await until(({ running }) => !running);
    release();
    const ended = await until(isSettled);

    expect([over.sent, over.acknowledged, over.skipped, store.placed.length]).toEqual([256, 0, 244, 256]);
    expect([ended.acknowledged, ended.outcomes.confirmed]).toEqual([256, 256]);
  });

  it('follows orders whose dispatch, or whose removal, ends them, too', async () => {
    const store = new FakeStore();
    store.statuses = (orderId) => (orderId.endsWith('0') ? null : 'dispatched');
    const { start, until } = gatewayOver(store);

    await start({ ordersPerSecond: 10, forS: 1 });

    expect((await until(isSettled)).outcomes).toMatchObject({ confirmed: 9, removed: 1 });
  });

  it('runs alone: another one is refused, and says what runs', async () => {
    const { start, ask } = gatewayOver(new FakeStore());
    await start({ ordersPerSecond: 1, forS: 600 });

    const second = await start({ ordersPerSecond: 2, forS: 1 });

    expect(second.status).toBe(409);
    expect(second.body.detail).toMatch(/^a load of 1 orders per second runs until .+Z; .+DELETE/);
    expect((await ask('GET')).body.ordersPerSecond).toBe(1);
  });

  it('is stopped by DELETE, at once and also twice; then another one can begin', async () => {
    const { start, ask, until } = gatewayOver(new FakeStore());
    await start({ ordersPerSecond: 10, forS: 600 });

    const stopped = await ask('DELETE');
    const sent = (await until(isSettled)).sent;
    const again = await ask('DELETE');
    const next = await start({ ordersPerSecond: 10, forS: 1 });

    expect([stopped.status, stopped.body.running]).toEqual([200, false]);
    expect(Date.parse(stopped.body.endsAt ?? '')).toBeLessThan(Date.parse(stopped.body.startedAt ?? '') + 600_000);
    expect([again.status, again.body.sent, next.status]).toEqual([200, sent, 202]);
  });

  it('ends with the gateway', async () => {
    const { start, until, stopping } = gatewayOver(new FakeStore());
    await start({ ordersPerSecond: 10, forS: 600 });

    stopping.abort();

    expect((await until(({ running }) => !running)).running).toBe(false);
  });

  it('does not begin when no goods can be received', async () => {
    const store = new FakeStore();
    store.refusal = new AppError('unavailable', 'inventory is away', { retryAfterS: 1 });
    const { start, ask } = gatewayOver(store);

    const refused = await start({ ordersPerSecond: 10, forS: 1 });

    expect([refused.status, refused.body.detail]).toEqual([503, 'inventory is away']);
    expect((await ask('GET')).body.startedAt).toBeNull();
  });

  it.each([
    [{}, '/ordersPerSecond'],
    [{ ordersPerSecond: 0, forS: 1 }, '/ordersPerSecond'],
    [{ ordersPerSecond: 501, forS: 1 }, '/ordersPerSecond'],
    [{ ordersPerSecond: 1.5, forS: 1 }, '/ordersPerSecond'],
    [{ ordersPerSecond: 1, forS: 601 }, '/forS'],
    [{ ordersPerSecond: 1, forS: 1, mix: { short: 1.1 } }, '/mix/short'],
    [{ ordersPerSecond: 1, forS: 1, mix: { lost: 1 } }, '/mix/lost'],
  ])('is refused for %j', async (body, pointer) => {
    const { ask } = gatewayOver(new FakeStore());

    const answer = await ask('POST', body);

    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ errors: expect.arrayContaining([expect.objectContaining({ pointer })]) });
  });
});
