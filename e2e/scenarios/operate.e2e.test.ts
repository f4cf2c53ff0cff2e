/** What the console lets people do, as its requests: sign in, load the store, send functions away, replay dead letters. */
import { generateSignedCookie } from 'hono/cookie';
import { describe, expect, it } from 'vitest';
import type { LoadBody, LoadRequestInput } from '../../functions/gateway/load-representation.ts';
import { cookieNameAt, sessionKeyOf } from '../../functions/gateway/session.ts';
import type { SessionBody } from '../../functions/gateway/session-representation.ts';
import type { ReplayJobBody } from '../../shared/runtime/dead-letters/replay-schemas.ts';
import type { FaultsBody } from '../../shared/runtime/worker/fault-representation.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { type Answer, bodyOf, get, orderIn, orderOf, post, put, request } from './client.ts';
import { hosts, hostsAndThreads, TestStore } from './harness.ts';

const TOKEN = 'open-sesame';
const SESSION = '/operations/session';
const LETTERS = '/operations/inventory/dead-letters';
const HOUR_MS = 3_600_000;

function signIn(store: TestStore, token: string): Promise<Answer> {
  return post(store.url(SESSION), { token });
}

/** A cookie that the store could have set, which says that its session ends then. */
async function cookieUntil(store: TestStore, expiresMs: number): Promise<string> {
  const key = await sessionKeyOf(TOKEN);
  const cookie = await generateSignedCookie(cookieNameAt(store.url('/')), String(expiresMs), key);
  return cookie.split(';')[0] ?? '';
}

describe.each(hosts)('an operator of a store in %s', (host) => {
  it('signs in with the token, works by the cookie until it expires, and is kept from guessing', async () => {
    const store = await TestStore.start(host, { OPERATIONS_TOKEN: TOKEN });
    const asked = (cookie: string) => request('GET', store.url(LETTERS), { headers: { cookie } });

    const before = bodyOf<SessionBody>(await request('GET', store.url(SESSION)));
    const signedIn = await signIn(store, TOKEN);
    const cookie = String(signedIn.headers['set-cookie']).split(';')[0] ?? '';
    const statuses = {
      without: (await asked('')).status,
      withIt: (await asked(cookie)).status,
      forged: (await asked(`${cookie.slice(0, -4)}AAA%3D`)).status,
      valid: (await asked(await cookieUntil(store, Date.now() + HOUR_MS))).status,
      expired: (await asked(await cookieUntil(store, Date.now() - 1))).status,
      groups: (await request('GET', store.url('/operations/dead-letters/groups'), { headers: { cookie } })).status,
    };
    const wrong = [];
    for (let n = 0; n < 6; n++) wrong.push(await signIn(store, `wrong-${n}`));

    expect(before).toEqual({ required: true, signedIn: false, expiresAt: null });
    expect(signedIn.headers['set-cookie']?.[0]).toMatch(/; Max-Age=28800; Path=\/; HttpOnly; SameSite=Strict$/);
    expect(statuses).toEqual({ without: 401, withIt: 200, forged: 401, valid: 200, expired: 401, groups: 200 });
    expect(wrong.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 429]);
    expect(Number(wrong[5]?.headers['retry-after'])).toBeGreaterThan(0);
    expect((await asked(cookie)).status).toBe(200);
    expect(JSON.stringify([before, signedIn, wrong])).not.toContain(TOKEN);
  });
});

const LOAD = '/automation-testing/load';
async function loadIn(store: TestStore, holds: (load: LoadBody) => boolean): Promise<LoadBody> {
  let load = await get<LoadBody>(store.url(LOAD));
  await waitUntil(
    async () => {
      load = await get<LoadBody>(store.url(LOAD));
      return holds(load);
    },
    { timeoutMs: 60_000, what: 'the load' },
  );
  return load;
}
const isSettled = ({ running, outcomes }: LoadBody) => !running && outcomes.waiting === 0;

function startLoad(store: TestStore, load: LoadRequestInput): Promise<Answer> {
  return post(store.url(LOAD), load);
}

describe.each(hosts)('a load on a store in %s', (host) => {
  it('orders, repeats and cancels at its rate, and the ledger has what it counts', async () => {
    const store = await TestStore.start(host);
    const mix = { short: 0.2, duplicate: 0.3, cancel: 0.3 };

    const started = await startLoad(store, { ordersPerSecond: 40, forS: 2, mix });
    const second = await startLoad(store, { ordersPerSecond: 1, forS: 1 });
    const load = await loadIn(store, isSettled);
    const ledger = await store.settle();

    expect([started.status, started.headers.location, second.status]).toEqual([202, LOAD, 409]);
    expect([load.sent + load.skipped, load.failed, load.acknowledged]).toEqual([80, 0, load.sent]);
    const { confirmed, rejected, cancelled, removed } = load.outcomes;
    expect([confirmed + rejected + cancelled, removed]).toEqual([load.acknowledged, 0]);
    expect({ confirmed: 0, rejected: 0, cancelled: 0, ...ledger.orders.byStatus }).toEqual({
      confirmed,
      rejected,
      cancelled,
    });
  });
});

describe.each(hostsAndThreads)('in %s a function that is away', (host) => {
  it('reads nothing while orders wait for it, and reads all of them when it is healed', async () => {
    const store = await TestStore.start(host);
    const faults = '/automation-testing/faults/inventory';
    await startLoad(store, { ordersPerSecond: 50, forS: 600 });

    const away = bodyOf<FaultsBody>(await put(store.url(faults), { away: true, forS: 600 }));
    await loadIn(store, ({ outcomes }) => outcomes.waiting > 20);
    await request('DELETE', store.url(LOAD));
    const waiting = await loadIn(store, ({ sent, acknowledged, failed }) => sent === acknowledged + failed);
    const stock = await request('GET', store.url('/stock'));
    const ready = await request('GET', store.url('/readyz', 'inventory'));
    const alive = await request('GET', store.url('/livez', 'inventory'));
    store.prove();
    const healed = bodyOf<FaultsBody>(await request('DELETE', store.url(faults)));
    const load = await loadIn(store, isSettled);

    expect([away.away, healed.away, healed.until]).toEqual([true, false, null]);
    expect([stock.status, ready.status, alive.status]).toEqual([503, 503, 200]);
    expect([waiting.failed, load.outcomes.confirmed]).toEqual([0, load.acknowledged]);
    expect((await store.settle()).orders.byStatus).toEqual({ confirmed: load.acknowledged });
  });

  it('is back by itself when its time is over', async () => {
    const store = await TestStore.start(host);
    await put(store.url('/automation-testing/faults/inventory'), { away: true, forS: 1 });
    await post(store.url('/orders'), orderOf('LATE'));

    await orderIn('confirmed', store.url('/orders/LATE'));

    expect((await get<FaultsBody>(store.url('/automation-testing/faults/inventory'))).away).toBe(false);
  });
});

const REPLAYS = '/operations/inventory/replays';
/** At one a second, more than are replayed before the replay is stopped. */
const ORDERS = 40;
const by = { who: 'ann', reason: 'inventory is fixed' };

/** Starts a replay and waits until this holds of it. */
async function replayIn(store: TestStore, url: string, holds: (replay: ReplayJobBody) => boolean) {
  let replay = await get<ReplayJobBody>(store.url(url));
  await waitUntil(
    async () => {
      replay = await get<ReplayJobBody>(store.url(url));
      return holds(replay);
    },
    { timeoutMs: 60_000, what: 'the replay' },
  );
  return replay;
}

describe.each(hosts)('dead letters of a store in %s', (host) => {
  it('are replayed by a job that can be stopped, and another one replays the rest', async () => {
    const store = await TestStore.start(host, { RETRY_BUG_ATTEMPTS: '1' });
    const faults = store.url('/automation-testing/faults/inventory');
    await post(store.url('/stock/PRODUCT_001/receipts'), { quantity: 100 });
    await put(faults, { poison: { share: 1, as: 'bug' } });
    const orders = Array.from({ length: ORDERS }, (_, n) => `DEAD-${n}`);
    for (const id of orders) await post(store.url('/orders'), orderOf(id));
    const openLetters = async () => (await get<{ letters: unknown[] }>(store.url(LETTERS))).letters.length;
    await waitUntil(async () => (await openLetters()) === ORDERS, { what: 'the dead letters' });
    await request('DELETE', faults);

    const started = await post(store.url(REPLAYS), { ...by, perSecond: 1 });
    const url = String(started.headers.location);
    await replayIn(store, url, ({ replayed }) => replayed > 1);
    const busy = await post(store.url(REPLAYS), by);
    await request('DELETE', store.url(url));
    const stopped = await replayIn(store, url, ({ endedAt }) => endedAt !== null);
    const left = await openLetters();
    const rest = await post(store.url(REPLAYS), { ...by, code: 'failed' });
    const done = await replayIn(store, String(rest.headers.location), ({ endedAt }) => endedAt !== null);
    const ledger = await store.settle();

    expect([started.status, busy.status, rest.status]).toEqual([202, 409, 202]);
    expect(stopped).toMatchObject({ state: 'stopped', stopped: 'an operator has stopped it', failed: 0, left });
    expect([stopped.passed + left, stopped.passed < ORDERS]).toEqual([ORDERS, true]);
    expect(done).toMatchObject({ state: 'done', stopped: null, passed: left, failed: 0, left: 0 });
    expect(ledger.orders.byStatus).toEqual({ confirmed: ORDERS });
  });
});
