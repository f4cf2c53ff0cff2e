/** A copy of a running store, made by another process, is a store. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checksOf } from '../prove/checks.ts';
import { readBooks } from '../prove/ledger.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { orderOf, post } from './client.ts';
import { hosts, run, TestStore, temporaryFolder } from './harness.ts';

/** Receives goods and places orders for them until `signal` aborts. */
async function load(store: TestStore, name: string, signal: AbortSignal): Promise<void> {
  for (let n = 0; !signal.aborted; n++) {
    expect((await post(store.url('/stock/PRODUCT_001/receipts'), { quantity: 1 })).status).toBeLessThan(300);
    expect((await post(store.url('/orders'), orderOf(`${name}-${n}`))).status).toBe(202);
  }
}

function ordersIn(dataDir: string): number {
  return Object.values(readBooks(dataDir).orders.byStatus).reduce((sum, n) => sum + n, 0);
}

async function backUp(store: TestStore, target: string): Promise<readonly [code: number | null, stderr: string]> {
  const program = run('dist/e2e/tools/backup.js', [target], { DATA_DIR: store.dataDir });
  const { code } = await program.exit;
  return [code, program.stderr()];
}

describe.each(hosts)('a copy of a working store in %s', (host) => {
  it('holds every ledger invariant at any moment, and continues as a store of its own', async () => {
    const store = await TestStore.start(host);
    const folder = temporaryFolder();
    const enough = new AbortController();
    const loading = Promise.all(['A', 'B', 'C', 'D'].map((name) => load(store, name, enough.signal)));
    const copies = [0, 1, 2, 3].map((n) => join(folder, `copy-${n}`));
    for (const copy of copies) {
      const before = ordersIn(store.dataDir);
      await waitUntil(() => ordersIn(store.dataDir) > before + 20);
      expect(await backUp(store, copy)).toEqual([0, '']);
    }
    enough.abort();
    await loading;
    await store.settle();
    await store.end();

    const differences = copies.flatMap((copy) => checksOf(readBooks(copy)).flatMap((check) => check.differences));
    expect(differences).toEqual([]);

    const [last = ''] = copies.slice(-1);
    const taken = ordersIn(last);
    const restored = await TestStore.start(host, { DATA_DIR: last });
    await waitUntil(() => readBooks(last).orders.byStatus['confirmed'] === taken);
    await restored.stopAll();

    expect(checksOf(readBooks(last)).flatMap((check) => check.differences)).toEqual([]);
    expect(taken).toBeGreaterThan(60);
  });
});

it('a backup into a folder that contains a store is refused', async () => {
  const store = await TestStore.start('one process');
  const folder = temporaryFolder();
  const first = await backUp(store, folder);
  const [code, stderr] = await backUp(store, folder);

  expect([first, code]).toEqual([[0, ''], 1]);
  expect(stderr).toContain('already exists');
});
