/** The data of a running store are moved away, removed, replaced or damaged: nothing acknowledged is lost. */
import {
  closeSync,
  cpSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { Part } from '../../functions/start-store.ts';
import { functionNames } from '../../saga/choreography.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { orderIn, orderOf, post, request } from './client.ts';
import { hosts, run, runStore, TestStore, temporaryFolder } from './harness.ts';

const PAGE = 4_096;
const freeChoice = { GATEWAY_PORT: '0', ORDER_PORT: '0', INVENTORY_PORT: '0', NOTIFICATION_PORT: '0' };

/** Places orders one after another until `signal` aborts. Adds the accepted ones; any other answer is 503, which adds the name. */
async function load(
  store: TestStore,
  name: string,
  accepted: string[],
  refused: Set<string>,
  signal: AbortSignal,
): Promise<void> {
  for (let n = 0; !signal.aborted; n++) {
    const orderId = `${name}-${n}`;
    const { status } = await post(store.url('/orders'), orderOf(orderId));
    if (status === 202) accepted.push(orderId);
    else expect(status).toBe(503);
    if (status === 503) refused.add(name);
  }
}

/** Waits until a part is not ready, for a reason that contains `why`. */
async function notReady(store: TestStore, part: Part, why: string): Promise<string> {
  let text = '';
  await waitUntil(
    async () => {
      const answer = await request('GET', store.url('/readyz', part));
      text = answer.text;
      return answer.status === 503 && text.includes(why);
    },
    { what: `${part} to be not ready: ${why}` },
  );
  return text;
}

function ordersIn(file: string): readonly string[] {
  const db = new Database(file, { readonly: true });
  const ids = db.prepare('SELECT order_id FROM orders').pluck().all();
  db.close();
  return ids as string[];
}

function deadLettersIn(store: TestStore): number {
  return functionNames
    .map((name) => {
      const db = new Database(join(store.dataDir, name, `${name}.db`), { readonly: true });
      const letters = db.prepare('SELECT count(*) FROM dead_letter').pluck().get() as number;
      db.close();
      return letters;
    })
    .reduce((sum, letters) => sum + letters, 0);
}

function outputOf(store: TestStore, part: Part): string {
  const { stdout, stderr } = store.program(part);
  return stdout() + stderr();
}

describe.each(hosts)('the data folder of a store in %s', (host) => {
  it('that is moved away under load takes no acknowledgement with it, and all is there when it is back', async () => {
    const store = await TestStore.start(host);
    const file = join(store.dataDir, 'order', 'order.db');
    const accepted: string[] = [];
    const enough = new AbortController();
    const clients = ['A', 'B', 'C'];
    const refused = new Set<string>();
    const loading = clients.map((name) => load(store, name, accepted, refused, enough.signal));
    await waitUntil(() => accepted.length > 30);

    renameSync(store.dataDir, `${store.dataDir}.old`);
    for (const part of functionNames) await notReady(store, part, `${part}.db is gone`);
    await waitUntil(() => outputOf(store, 'order').includes(`${file} is gone`), { what: 'the log to say so' });
    // No acknowledgement from before is on its way any more.
    await waitUntil(() => refused.size === clients.length, { what: 'each client to be refused' });
    const before = accepted.length;
    expect((await post(store.url('/orders'), orderOf('AWAY'))).status).toBe(503);
    const second = runStore(['order'], { ...store.env, ...freeChoice });
    expect(await second.exit).toEqual({ code: 1, signal: null });
    expect(second.stderr()).toMatch(/^saga-store: another process already runs order on this data .*order\.db.*\n$/);
    expect([existsSync(store.dataDir), accepted.length]).toEqual([false, before]);

    renameSync(`${store.dataDir}.old`, store.dataDir);
    await waitUntil(() => accepted.length > before + 30, { what: 'orders to be taken again' });
    enough.abort();
    await Promise.all(loading);
    await store.settle();
    expect(accepted.filter((id) => !ordersIn(file).includes(id))).toEqual([]);
    expect(deadLettersIn(store)).toBe(0);
  });

  it('that is removed is missed, and nothing is acknowledged any more', async () => {
    const store = await TestStore.start(host);
    expect((await post(store.url('/orders'), orderOf('BEFORE'))).status).toBe(202);
    rmSync(store.dataDir, { recursive: true });

    expect((await post(store.url('/orders'), orderOf('AFTER'))).status).toBe(503);
    for (const part of functionNames) await notReady(store, part, `${part}.db is gone`);
    expect(existsSync(store.dataDir)).toBe(false);
  });

  it('whose copy takes its place is refused until the restart, which goes on with the copy', async () => {
    const store = await TestStore.start(host);
    const accepted: string[] = [];
    for (let n = 0; n < 20; n++) {
      if ((await post(store.url('/orders'), orderOf(`C-${n}`))).status === 202) accepted.push(`C-${n}`);
    }
    await store.settle();
    renameSync(store.dataDir, `${store.dataDir}.old`);
    cpSync(`${store.dataDir}.old`, store.dataDir, { recursive: true });

    await notReady(store, 'order', 'order.db was replaced by another file');
    expect((await post(store.url('/orders'), orderOf('LATE'))).status).toBe(503);
    await store.stopAll();
    await store.start();
    await orderIn('confirmed', store.url('/orders/C-0'));
    expect((await post(store.url('/orders'), orderOf('LATE'))).status).toBe(202);
    await store.settle();
    const kept = ordersIn(join(store.dataDir, 'order', 'order.db'));
    expect(accepted.filter((id) => !kept.includes(id))).toEqual([]);
  });

  it('in which one database is replaced stops that function, and the others go on', async () => {
    const store = await TestStore.start(host);
    const file = join(store.dataDir, 'notification', 'notification.db');
    cpSync(file, `${file}.copy`);
    renameSync(`${file}.copy`, file);

    await notReady(store, 'notification', `${file} was replaced`);
    expect((await post(store.url('/orders'), orderOf('ON'))).status).toBe(202);
    await orderIn('confirmed', store.url('/orders/ON'));
  });
});

/** Copies all of the data into the file itself. */
function checkpoint(file: string): void {
  const db = new Database(file);
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
}

/** Writes garbage over the second half of a file. */
function damage(file: string): void {
  const descriptor = openSync(file, 'r+');
  const pages = Math.floor(statSync(file).size / PAGE);
  for (let page = Math.floor(pages / 2); page < pages; page++) {
    writeSync(descriptor, Buffer.alloc(PAGE, 'garbage '), 0, PAGE, page * PAGE);
  }
  closeSync(descriptor);
}

describe('a damaged database', () => {
  it.each(hosts)(
    'stops its function alone in %s, which says how to restore it, and no message is to blame',
    async (host) => {
      const store = await TestStore.start(host);
      const file = join(store.dataDir, 'inventory', 'inventory.db');
      for (let n = 0; n < 20; n++) await post(store.url('/orders'), orderOf(`D-${n}`));
      await store.settle();
      checkpoint(file);
      // The function takes note of the copying, at once or by a check of the file where it looked meanwhile; then it finds that the
      // file was written without one.
      await waitUntil(async () => (await request('GET', store.url('/readyz', 'inventory'))).status === 200, {
        what: 'inventory to be ready after the copying',
      });
      damage(file);

      expect(await notReady(store, 'inventory', `${file} is damaged`)).toContain('of a copy made by');
      expect((await post(store.url('/orders'), orderOf('WAITS'))).status).toBe(202);
      // Order says that it cannot read the events of inventory, and takes orders; notification has nothing to do with it.
      expect((await request('GET', store.url('/readyz', 'notification'))).status).toBe(200);
      const said = () => outputOf(store, 'inventory').split(`cannot commit: ${file} is damaged`).length - 1;
      await waitUntil(() => said() > 0, { what: 'the log to say so' });
      for (let n = 0; n < 10; n++) {
        expect((await post(store.url('/stock/PRODUCT_001/receipts'), { quantity: 1 })).status).toBe(503);
      }
      expect(said()).toBe(1);
    },
  );

  it('stops the start with one sentence, and a copy in its place is a store again', async () => {
    const store = await TestStore.start('one process');
    const file = join(store.dataDir, 'order', 'order.db');
    const copy = temporaryFolder();
    for (let n = 0; n < 20; n++) await post(store.url('/orders'), orderOf(`E-${n}`));
    await store.settle();
    expect((await run('dist/e2e/tools/backup.js', [copy], { DATA_DIR: store.dataDir }).exit).code).toBe(0);
    await store.stopAll();
    checkpoint(file);
    damage(file);

    const refused = runStore([], { ...store.env });
    expect((await refused.exit).code).toBe(1);
    expect(refused.stderr()).toMatch(
      new RegExp(`^saga-store: ${file} is damaged \\(.*\\)\\. Stop the store, remove .*\\n$`),
    );
    for (const name of ['', '-wal', '-shm']) rmSync(file + name, { force: true });
    cpSync(join(copy, 'order', 'order.db'), file);
    await store.start();
    expect(readFileSync(file).length).toBeGreaterThan(0);
    await orderIn('confirmed', store.url('/orders/E-0'));
  });
});
