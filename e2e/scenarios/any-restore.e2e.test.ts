/**
 * Any of the functions put back to older copies, once or twice, at any moment of a random history: no order hangs, and where two
 * functions contradict each other, an operator is told.
 */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { dataFile } from '../../functions/engine.ts';
import { readConfig } from '../../functions/settings.ts';
import { type RunningStore, startStore } from '../../functions/start-store.ts';
import { type FunctionName, functionNames } from '../../saga/choreography.ts';
import { type Chance, chanceFrom } from '../chaos/chance.ts';
import { checksOf } from '../prove/checks.ts';
import { readBooks } from '../prove/ledger.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { orderOf } from './client.ts';
import { logSettingsFor, run, temporaryFolder } from './harness.ts';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const PRODUCTS = ['PRODUCT_001', 'PRODUCT_002', 'LAMP'];
const SETTLED_MS = 60_000;
/** More by hand: SEEDS=200 */
const SEEDS = Number(process.env['SEEDS'] ?? 10);
const FIRST_SEED = Number(process.env['FIRST_SEED'] ?? 1);

/** A store whose clients act at random. */
class RandomStore {
  readonly dataDir: string;
  readonly chance: Chance;
  readonly placed: string[] = [];
  readonly #bodies = new Map<string, object>();
  #store: RunningStore | null = null;

  constructor(seed: number) {
    this.dataDir = join(temporaryFolder(), 'data');
    this.chance = chanceFrom(seed, 'restores');
  }

  async start(): Promise<void> {
    const ports = { GATEWAY_PORT: '0', ORDER_PORT: '0', INVENTORY_PORT: '0', NOTIFICATION_PORT: '0' };
    const own = { DATA_DIR: this.dataDir, ENABLE_AUTOMATION: 'true', ORDER_DEADLINE_S: '2' };
    const env = { ...ports, ...own, ...logSettingsFor(this.dataDir) };
    this.#store = await startStore(functionNames, readConfig(env), silent);
  }

  async stop(): Promise<void> {
    await this.#store?.stop();
  }

  async act(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) {
      const act = this.chance.pick([
        [() => this.#place(), 6],
        [() => this.#placeAgain(), 1],
        [() => this.#change('cancel', { reason: 'I have changed my mind' }), 2],
        [() => this.#change('dispatch', {}), 1],
        [() => this.#receive(), 2],
        [() => this.#correct(), 1],
        [() => this.#wait(), 1],
        [() => this.#setPolicy(), 0.5],
      ] as const);
      await act();
    }
  }

  /** Waits until each function has read everything. */
  async settle(): Promise<void> {
    const isRead = () => {
      const { readings, orders, parked } = readBooks(this.dataDir);
      const isAnswered = orders.byStatus['placed'] === undefined || Object.values(parked).some((count) => count > 0);
      return isAnswered && readings.every(({ position, end }) => position === end);
    };
    await waitUntil(isRead, { timeoutMs: SETTLED_MS, what: 'all messages to be read and all orders to be answered' });
  }

  #place(): Promise<void> {
    const orderId = `ORDER-${this.placed.length + 1}`;
    this.placed.push(orderId);
    const lines = Array.from({ length: this.chance.whole(1, 2) }, () =>
      orderOf(orderId, this.#quantity(), this.#product()),
    );
    const body = { ...orderOf(orderId), items: lines.flatMap(({ items }) => items) };
    this.#bodies.set(orderId, body);
    return this.#ask('order', 'POST', '/orders', body);
  }

  /** A client repeats a request: order may have lost what it did. */
  async #placeAgain(): Promise<void> {
    const body = this.#bodies.get(this.#anyPlaced());
    if (body !== undefined) await this.#ask('order', 'POST', '/orders', body);
  }

  async #change(command: 'cancel' | 'dispatch', body: object): Promise<void> {
    const orderId = this.#anyPlaced();
    if (this.placed.includes(orderId)) await this.#ask('order', 'POST', `/orders/${orderId}/${command}`, body);
  }

  #receive(): Promise<void> {
    return this.#ask('inventory', 'POST', `/stock/${this.#product()}/receipts`, { quantity: this.chance.whole(1, 5) });
  }

  #correct(): Promise<void> {
    const body = { quantity: -this.chance.whole(1, 3), reason: 'broken' };
    return this.#ask('inventory', 'POST', `/stock/${this.#product()}/corrections`, body);
  }

  #setPolicy(): Promise<void> {
    return this.#ask('inventory', 'PUT', `/stock/${this.#product()}/policy`, {
      whenShort: this.chance.whole(0, 1) === 0 ? 'wait' : 'reject',
    });
  }

  #product(): string {
    return PRODUCTS[this.chance.whole(0, PRODUCTS.length - 1)] ?? '';
  }

  #quantity(): number {
    return this.chance.whole(1, 4);
  }

  /** The id of an order; '' where there is none yet. */
  #anyPlaced(): string {
    return this.placed[this.chance.whole(0, Math.max(0, this.placed.length - 1))] ?? '';
  }

  async #wait(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, this.chance.whole(1, 60)));
  }

  async #ask(name: FunctionName, method: string, path: string, body: object): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const answer = await this.#store?.apps.get(name)?.request(path, { method, headers, body: JSON.stringify(body) });
    if (answer === undefined || answer.status >= 500) throw new Error(`${method} ${path}: ${await answer?.text()}`);
  }
}

/** The ids of what an operator is told about: open dead letters, and orders whose rows are lost. */
function toldAbout(dataDir: string): ReadonlySet<string> {
  const told = new Set<string>();
  for (const name of functionNames) {
    const db = new Database(dataFile(dataDir, name), { readonly: true });
    const sql = "SELECT attributes ->> '$.subject' FROM dead_letter WHERE status = 'open'";
    for (const subject of db.prepare(sql).pluck().all()) told.add(String(subject));
    db.close();
  }
  return told;
}

function lostOrders({ dataDir, placed }: RandomStore): ReadonlySet<string> {
  const db = new Database(dataFile(dataDir, 'order'), { readonly: true });
  const known = new Set(db.prepare('SELECT order_id FROM orders').pluck().all().map(String));
  db.close();
  return new Set(placed.filter((orderId) => !known.has(orderId)));
}

/** Orders and reservations that contradict each other. */
function contradictions(dataDir: string): readonly string[] {
  const db = new Database(dataFile(dataDir, 'order'), { readonly: true });
  db.prepare('ATTACH ? AS inventory').run(dataFile(dataDir, 'inventory'));
  const rows = db
    .prepare(
      `SELECT o.order_id FROM orders o LEFT JOIN inventory.reservation v USING (order_id)
       WHERE CASE o.status WHEN 'confirmed' THEN v.status IS NOT 'sold' WHEN 'dispatched' THEN v.status IS NOT 'sold'
         WHEN 'backordered' THEN v.status IS NOT 'waiting' WHEN 'placed' THEN 1
         ELSE coalesce(v.status, 'none') IN ('held', 'sold', 'waiting') END
       UNION SELECT v.order_id FROM inventory.reservation v LEFT JOIN orders o USING (order_id)
       WHERE o.order_id IS NULL AND v.status IN ('held', 'sold', 'waiting')`,
    )
    .pluck()
    .all()
    .map(String);
  db.close();
  return rows;
}

/** Every store loses its oldest events one day; `prove` then compares less. */
function pruneFirstEvent(dataDir: string): void {
  const db = new Database(dataFile(dataDir, 'order'));
  db.exec('DELETE FROM outbox WHERE position = 1');
  db.close();
}

/** In its own process: in this one, it and the store would wait for each other's locks. */
async function copyOf({ dataDir }: RandomStore): Promise<string> {
  const copy = join(temporaryFolder(), 'copy');
  expect((await run('dist/e2e/tools/backup.js', [copy], { DATA_DIR: dataDir }).exit).code).toBe(0);
  return copy;
}

/** Puts each of the functions back to one of the copies. */
function restore({ dataDir, chance }: RandomStore, copies: readonly string[], names: readonly FunctionName[]): void {
  for (const name of names) {
    const copy = copies[chance.whole(0, copies.length - 1)] ?? '';
    const file = dataFile(dataDir, name);
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
    cpSync(dataFile(copy, name), file);
  }
}

const choices: readonly (readonly FunctionName[])[] = [
  ['inventory'],
  ['order'],
  ['notification'],
  ['order', 'inventory'],
  ['order', 'notification'],
  ['inventory', 'notification'],
];

describe('a store of which some functions are restored from an older copy', () => {
  it.each(Array.from({ length: SEEDS }, (_, n) => [FIRST_SEED + n, choices[n % choices.length] ?? []] as const))(
    'hangs nowhere and contradicts itself nowhere in silence (seed %i: %s)',
    async (seed, names) => {
      const store = new RandomStore(seed);
      await store.start();
      await store.act(store.chance.whole(0, 12));
      const copies = [await copyOf(store)];
      await store.act(store.chance.whole(2, 10));
      copies.push(await copyOf(store));
      await store.act(store.chance.whole(2, 10));
      if (store.chance.whole(0, 1) === 0) await store.settle();
      await store.stop();

      for (let restores = store.chance.whole(1, 2); restores > 0; restores--) {
        restore(store, copies, names);
        await store.start();
        await store.act(store.chance.whole(0, 12));
        await store.settle();
        await store.stop();
      }

      if (seed % 2 === 0) pruneFirstEvent(store.dataDir);
      const told = toldAbout(store.dataDir);
      const lost = lostOrders(store);
      const differences = checksOf(readBooks(store.dataDir)).flatMap((check) => check.differences);
      const isSaid = (orderId: string) =>
        told.has(orderId) || differences.some((difference) => difference.split(/[ ,]/).includes(orderId));
      // The customer was told of a change that order has lost.
      const isNotice = (difference: string) => names.includes('order') && difference.includes(' has a notice of ');
      const isExplained = (difference: string) =>
        isNotice(difference) || difference.split(/[ ,]/).some((word) => told.has(word) || lost.has(word));
      expect(contradictions(store.dataDir).filter((orderId) => !isSaid(orderId))).toEqual([]);
      expect(differences.filter((difference) => !isExplained(difference))).toEqual([]);
    },
  );
});
