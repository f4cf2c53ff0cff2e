/** Kills of functions at random moments under load lose nothing, double nothing and leave no order without outcome. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { OrderBody } from '../../functions/order/representation.ts';
import { bodyOf, get, type NoticeBody, oneConnection, orderOf, post } from './client.ts';
import { TestStore } from './harness.ts';

const SEED = Number(process.env['SEED'] ?? 20_260_102);
const KILLS = 50;
const WHOLE_KILLS = 10;
const CLIENTS = 6;
const BACK_OFF_MS = 25;
const UPTIME_MAX_MS = 250;
const victims = ['order', 'inventory', 'notification', 'gateway'] as const;
const stockOf = { quantity: 2_000, name: 'Lamp' };

/** Mulberry32: repeatable random numbers from 0 up to 1. */
function chanceFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Load {
  /** Ids of orders that were answered with 2xx. */
  readonly acknowledged: Set<string>;
  readonly failures: Map<string, number>;
  isOver: boolean;
}

/** Posts one order after the other, and repeats each with its key until it is acknowledged. */
async function client(store: TestStore, name: number, load: Load): Promise<void> {
  const agent = oneConnection();
  for (let n = 0; !load.isOver; n++) {
    const orderId = `CHAOS-${name}-${n}`;
    for (let isDone = false; !isDone && !load.isOver; ) {
      const outcome = await attempt(store, orderId, agent);
      isDone = outcome === '202';
      if (isDone) load.acknowledged.add(orderId);
      else {
        load.failures.set(outcome, (load.failures.get(outcome) ?? 0) + 1);
        await sleep(BACK_OFF_MS);
      }
    }
  }
  agent.destroy();
}

async function attempt(store: TestStore, orderId: string, agent: ReturnType<typeof oneConnection>): Promise<string> {
  const headers = { 'idempotency-key': orderId };
  try {
    return String((await post(store.url('/orders'), orderOf(orderId, 1, 'LAMP'), { headers, agent })).status);
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}

/** Puts the store under load while `disturb` runs, then expects nothing to be lost, doubled or without outcome. */
async function expectToSurvive(store: TestStore, disturb: () => Promise<Map<string, number>>): Promise<void> {
  expect((await post(store.url('/stock/LAMP/receipts'), stockOf)).status).toBe(201);
  const load: Load = { acknowledged: new Set(), failures: new Map(), isOver: false };
  const clients = Array.from({ length: CLIENTS }, (_, name) => client(store, name, load));
  const kills = await disturb();
  load.isOver = true;
  await Promise.all(clients);

  const { orders, notices, deadLetters } = await store.settle();
  const { confirmed = 0, rejected = 0, ...others } = orders.byStatus;
  const { failures, acknowledged } = load;
  const figures = `${acknowledged.size} orders acknowledged, ${confirmed} confirmed, ${rejected} rejected`;
  console.log(`${figures}; kills: ${textOf(kills)}; failed attempts: ${textOf(failures)}`);
  expect(others).toEqual({});
  expect(confirmed).toBe(Math.min(stockOf.quantity, confirmed + rejected));
  expect(deadLetters).toEqual({ order: 0, inventory: 0, notification: 0 });
  expect(notices.byStatus).toEqual({ sent: 2 * (confirmed + rejected) });
  expect([...failures.keys()].filter((outcome) => /^(4|500)/.test(outcome))).toEqual([]);
  await expectOutcomes(store, [...acknowledged]);
}

async function expectOutcomes(store: TestStore, acknowledged: readonly string[]): Promise<void> {
  const agent = oneConnection();
  const missing = [];
  for (const id of acknowledged) {
    const { status } = await get<OrderBody>(store.url(`/orders/${id}`, 'order'), agent);
    if (status !== 'confirmed' && status !== 'rejected') missing.push([id, status]);
  }
  agent.destroy();
  expect(missing).toEqual([]);
  const [one = ''] = acknowledged;
  const { notifications } = await get<{ notifications: NoticeBody[] }>(store.url(`/notifications?orderId=${one}`));
  expect(notifications).toHaveLength(2);
  // A replay afterwards still returns the first answer.
  const again = await post(store.url('/orders'), orderOf(one, 1, 'LAMP'), { headers: { 'idempotency-key': one } });
  const seen = [again.status, again.headers['idempotent-replayed'], bodyOf<OrderBody>(again).status];
  expect(seen).toEqual([202, 'true', 'placed']);
}

function textOf(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([what, count]) => `${count} ${what}`).join(', ');
}

it(`survives ${KILLS} kills of its functions under load (SEED=${SEED})`, async () => {
  const chance = chanceFrom(SEED);
  const store = await TestStore.start('a process each', { GATEWAY_RETRIES: '3', KAFKA_PARTITIONS: '3' });
  await expectToSurvive(store, async () => {
    const kills = new Map<string, number>();
    const kill = async (victim: (typeof victims)[number], when: string) => {
      await sleep(chance() * UPTIME_MAX_MS);
      await store.kill(victim);
      const name = victim + when;
      kills.set(name, (kills.get(name) ?? 0) + 1);
    };
    for (let n = 0; n < KILLS; n++) {
      const victim = victims[Math.floor(chance() * victims.length)] ?? 'order';
      await kill(victim, '');
      // Now and then the ledger is checked while a function is down: the invariants hold.
      if (n % 10 === 0) store.prove();
      // One in four is killed again while it starts.
      if (chance() < 0.25 && n < KILLS - 1) {
        n += 1;
        store.launch([victim]);
        await kill(victim, ' (starting)');
      }
      await store.start([victim]);
    }
    return kills;
  });
});

it(`survives ${WHOLE_KILLS} kills of the whole process under load (SEED=${SEED})`, async () => {
  const chance = chanceFrom(SEED);
  const store = await TestStore.start('one process', { KAFKA_PARTITIONS: '3' });
  await expectToSurvive(store, async () => {
    for (let n = 0; n < WHOLE_KILLS; n++) {
      await sleep(chance() * 2 * UPTIME_MAX_MS);
      await store.kill('gateway');
      await store.start();
    }
    return new Map([['store', WHOLE_KILLS]]);
  });
});
