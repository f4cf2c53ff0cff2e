/** The ledger invariants of a store of which one function was restored from an older copy, however long it ran since. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataFile } from '../../functions/engine.ts';
import { checksOf } from './checks.ts';
import { runOrders } from './examples.ts';
import { readBooks } from './ledger.ts';

const dataDir = join(mkdtempSync(join(tmpdir(), 'saga-store-prove-restored-')), 'data');
const file = dataFile(dataDir, 'order');
const copy = join(dataDir, '..', 'order.db');
afterAll(() => rmSync(join(dataDir, '..'), { recursive: true, force: true }));
beforeAll(async () => {
  await runOrders(dataDir, 'OLD');
  cpSync(file, copy);
  await runOrders(dataDir, 'LOST');
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
  cpSync(copy, file);
}, 30_000);

const differences = () => checksOf(readBooks(dataDir)).flatMap((check) => check.differences);

describe('the ledger invariants of a store whose order function was restored from an older copy', () => {
  it.each([
    ['at once', 'NEW-1'],
    ['when it has published more since than it has lost', 'NEW-2', 'NEW-3'],
  ])('are violated by the orders that were lost, and by nothing else: %s', async (_, ...orderIds) => {
    await runOrders(dataDir, ...orderIds);
    const { lost } = readBooks(dataDir);

    expect(differences().filter((difference) => !difference.includes('order LOST '))).toEqual([]);
    expect(differences().length).toBeGreaterThan(0);
    expect(lost.map(({ consumer, topic }) => [consumer, topic])).toEqual([
      ['inventory', 'order-events'],
      ['notification', 'order-events'],
    ]);
  });
});
