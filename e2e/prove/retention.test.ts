/** The ledger invariants of a store hold after old rows were pruned, and a violation is still found. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataFile } from '../../functions/engine.ts';
import { functionModules } from '../../functions/registry.ts';
import { retrySettingsFor } from '../../functions/retry-settings.ts';
import { readConfig } from '../../functions/settings.ts';
import { openStoreLog } from '../../functions/store-log.ts';
import { functionNames, topics } from '../../saga/choreography.ts';
import { SqliteStore } from '../../shared/adapters/embedded/store/sqlite-store.ts';
import { DAY_MS } from '../../shared/core/days.ts';
import { Retention } from '../../shared/runtime/retention/retention.ts';
import { retentionDaysOf } from '../../shared/runtime/retention/settings.ts';
import { BelievedTime } from '../../shared/runtime/worker/believed-time.ts';
import { Watermarks } from '../../shared/runtime/worker/watermarks.ts';
import { checksOf } from './checks.ts';
import { append, run, runEveryEnding } from './examples.ts';
import { readBooks } from './ledger.ts';

const dataDir = join(mkdtempSync(join(tmpdir(), 'saga-store-prove-retention-')), 'data');
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
afterAll(() => rmSync(join(dataDir, '..'), { recursive: true, force: true }));
beforeAll(async () => {
  await runEveryEnding(dataDir);
  await append(dataDir, ['LAST', 1000]);
  await run(
    dataDir,
    functionNames,
    ({ readings, notices }) =>
      readings.every(({ position, end }) => position === end) && notices.byStatus['pending'] === undefined,
  );
}, 30_000);

/** Prunes after so many days from now have passed. @returns the count of pruned rows by table */
async function prune(days: number): Promise<Readonly<Record<string, number>>> {
  const pruned: Record<string, number> = {};
  const config = readConfig({ DATA_DIR: dataDir });
  const { log } = await openStoreLog(config, []);
  for (const module of functionModules) {
    const fn = module.create(config);
    const { name, tables, migrations } = fn;
    const store = SqliteStore.open({ name, file: dataFile(dataDir, name), tables, migrations: migrations.sqlite });
    const watermarks = new Watermarks(store);
    await watermarks.load();
    let upMs = 0;
    const clock = { nowMs: () => Date.now() + days * DAY_MS, upMs: () => upMs };
    const believed = new BelievedTime(store, clock);
    await believed.load();
    upMs = days * DAY_MS;
    const retention = new Retention({
      fn,
      store,
      log,
      watermarks,
      logger: silent,
      believed,
      days: retentionDaysOf(config, retrySettingsFor(config, 'order').policy),
      writerOf: (topic) => topics[topic as keyof typeof topics],
      removed: (table, rows) => {
        pruned[table] = (pruned[table] ?? 0) + rows;
      },
    });
    while (await retention.step());
    await store.close();
  }
  await log.close();
  return pruned;
}

function violated(at = dataDir): string[] {
  return checksOf(readBooks(at))
    .filter(({ differences }) => differences.length > 0)
    .map(({ name }) => name);
}

describe('the ledger invariants of a store that has pruned old rows', () => {
  it.each([
    [10, ['inbox']],
    [40, ['outbox', 'order-commands', 'order_fact']],
    [400, ['inbox', 'stock_movement', 'receipt', 'notice']],
  ])('hold after %i days', async (days, tables) => {
    const pruned = await prune(days);

    expect([Object.keys(pruned), violated()]).toEqual([tables, []]);
  });

  it('are violated by goods that wait for an order that is lost', () => {
    const copy = join(dataDir, '..', 'lost');
    cpSync(dataDir, copy, { recursive: true });
    const db = new Database(dataFile(copy, 'order'));
    db.exec("DELETE FROM orders WHERE order_id = 'WAITING'");
    db.close();

    expect(violated(copy)).toEqual(
      expect.arrayContaining([
        'no reservation is held, sold or waiting for an order that was rejected, cancelled or never placed',
      ]),
    );
  });

  it('are violated by a changed opening balance', () => {
    const db = new Database(dataFile(dataDir, 'inventory'));
    db.exec("UPDATE stock_opening SET received = received + 1 WHERE product_id = 'PRODUCT_001'");
    db.close();

    expect(violated()).toEqual(['stock of PRODUCT_001']);
  });
});
