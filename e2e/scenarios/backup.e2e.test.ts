/** A copy of a running store, made by another process, is a store. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { checksOf } from '../prove/checks.ts';
import { readBooks } from '../prove/ledger.ts';
import type { Backup } from '../tools/backup.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { orderOf, post } from './client.ts';
import { type Env, hosts, isOnKafka, logSettingsFor, run, TestStore, temporaryFolder } from './harness.ts';

const PAGE_BYTES = 4_096;

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
    // A broker has the messages that came after a copy: its readers would learn of orders that the copy does not have.
    if (isOnKafka) {
      copies.push(join(folder, 'copy-at-rest'));
      expect(await backUp(store, copies.at(-1) ?? '')).toEqual([0, '']);
    }
    await store.end();

    const differences = copies.flatMap((copy) => checksOf(readBooks(copy)).flatMap((check) => check.differences));
    expect(differences).toEqual([]);

    const [last = ''] = copies.slice(-1);
    const taken = ordersIn(last);
    // The copy takes the place of the store: its messages lie where those of the store do.
    const restored = await TestStore.start(host, { ...logSettingsFor(store.dataDir), DATA_DIR: last });
    await waitUntil(() => readBooks(last).orders.byStatus['confirmed'] === taken, {
      what: 'all orders to be confirmed',
    });
    await restored.stopAll();

    expect(checksOf(readBooks(last)).flatMap((check) => check.differences)).toEqual([]);
    expect(taken).toBeGreaterThan(60);
  });
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function backup(args: readonly string[], env: Env): Promise<Ended> {
  const program = run('dist/e2e/tools/backup.js', args, env);
  const { code } = await program.exit;
  return { code, stdout: program.stdout(), stderr: program.stderr() };
}

/** The data of a store that is stopped. */
async function storedData(): Promise<string> {
  const store = await TestStore.start('one process');
  await post(store.url('/orders'), orderOf('B-1'));
  await store.settle();
  await store.stopAll();
  return store.dataDir;
}

it('a backup into a folder that contains a store is refused', async () => {
  const store = await TestStore.start('one process');
  const folder = temporaryFolder();
  const first = await backUp(store, folder);
  const [code, stderr] = await backUp(store, folder);

  expect([first, code]).toEqual([[0, ''], 1]);
  expect(stderr).toContain('already exists');
});

describe('a backup', () => {
  it('of a store that is stopped says what it copied, also of topics, and is that store', async () => {
    const dataDir = await storedData();
    const event = { id: 'c', source: '/s', type: 'CancelOrder', subject: 'B-1', data: { orderId: 'B-1', reason: 'r' } };
    const events = join(temporaryFolder(), 'events.json');
    writeFileSync(events, JSON.stringify(event));
    await run('dist/e2e/tools/produce.js', ['order-commands', events], { DATA_DIR: dataDir }).exit;
    const target = join(temporaryFolder(), 'a', 'new', 'folder');

    const { code, stdout, stderr } = await backup([target, '--json'], { DATA_DIR: dataDir });

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const said = JSON.parse(stdout) as Backup;
    expect(said.files.map(({ file }) => file).sort()).toEqual(filesIn(target));
    expect(filesIn(target)).toEqual([
      'inventory/inventory.db',
      'notification/notification.db',
      'order/order.db',
      // A broker has what lies in its topics.
      ...(isOnKafka ? [] : ['topics/order-commands.db']),
    ]);
    expect(said.bytes).toBe(filesIn(target).reduce((sum, file) => sum + statSync(join(target, file)).size, 0));
    expect(ordersIn(target)).toBe(1);
  });

  it.each([
    ['that is not there', () => undefined, 'there is no data folder'],
    ['that is a file', (dir: string) => writeFileSync(dir, ''), 'is a file'],
    ['that is empty', (dir: string) => void mkdirSync(dir), 'is empty'],
    ['of another program', (dir: string) => cpSync('docs', dir, { recursive: true }), 'has no data of a store'],
  ])('of a data folder %s fails, names DATA_DIR and writes nothing', async (_, make, reason) => {
    const folder = temporaryFolder();
    const dataDir = join(folder, 'data');
    make(dataDir);
    const before = filesIn(folder);

    const { code, stdout, stderr } = await backup([join(folder, 'copy')], { DATA_DIR: dataDir });

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^DATA_DIR: .*${reason}.*\\n$`));
    expect(filesIn(folder)).toEqual(before);
    expect(existsSync(join(folder, 'copy'))).toBe(false);
  });

  it('of a folder without the data of a function, or with other data in its place, fails and leaves nothing', async () => {
    const dataDir = await storedData();
    const folder = temporaryFolder();
    const target = join(folder, 'copy');
    const inventory = join(dataDir, 'inventory', 'inventory.db');
    const failures: string[] = [];
    const attempt = async (change: () => void) => {
      change();
      const { code, stdout, stderr } = await backup([target], { DATA_DIR: dataDir });
      expect({ code, stdout, left: readdirSync(folder) }).toEqual({ code: 1, stdout: '', left: [] });
      expect(stderr).toMatch(/^DATA_DIR: .*\n$|^The copy of .*\n$/);
      failures.push(stderr);
    };
    await attempt(() => cpSync(join(dataDir, 'order', 'order.db'), inventory));
    await attempt(() => writeFileSync(inventory, 'this is no database'));
    await attempt(() => writeFileSync(inventory, ''));
    await attempt(() => rmSync(inventory));

    expect(failures.map((failure) => failure.slice(0, 9))).toEqual(Array(4).fill('DATA_DIR:'));
    expect(failures.at(-1)).toContain('has no data of inventory');
  });

  it('of a damaged file is found when the copy is read back, and leaves nothing', async () => {
    const dataDir = await storedData();
    const file = join(dataDir, 'order', 'order.db');
    const db = new Database(file);
    db.pragma('wal_checkpoint(TRUNCATE)');
    const page = Number(db.prepare("SELECT rootpage FROM sqlite_master WHERE name = 'orders'").pluck().get());
    db.close();
    const bytes = readFileSync(file);
    bytes.fill(0xff, (page - 1) * PAGE_BYTES, page * PAGE_BYTES);
    writeFileSync(file, bytes);
    const folder = temporaryFolder();

    const { code, stdout, stderr } = await backup([join(folder, 'copy')], { DATA_DIR: dataDir });

    expect({ code, stdout, left: readdirSync(folder) }).toEqual({ code: 1, stdout: '', left: [] });
    expect(stderr).toMatch(/^The copy of .*order\.db is damaged \(/);
  });

  it.each([
    ['the data folder', (dir: string) => dir, 'is the data folder itself'],
    ['a folder in it', (dir: string) => join(dir, 'order', 'copy'), 'is in the data folder'],
    ['a file', (dir: string) => join(dir, '..', 'file'), 'is a file'],
    ['a link to nothing', (dir: string) => join(dir, '..', 'link'), 'is a link to a folder that is not there'],
    ['a place below a file', (dir: string) => join(dir, '..', 'file', 'copy'), 'cannot be written'],
    ['a place that cannot be', () => '/proc/copy', 'cannot be written'],
  ])('to %s fails with a sentence, and changes nothing', async (_, placeIn, reason) => {
    const folder = temporaryFolder();
    const dataDir = join(folder, 'data');
    cpSync(await storedData(), dataDir, { recursive: true });
    writeFileSync(join(folder, 'file'), 'kept');
    symlinkSync(join(folder, 'nothing'), join(folder, 'link'));
    const before = filesIn(folder);

    const { code, stdout, stderr } = await backup([placeIn(dataDir)], { DATA_DIR: dataDir });

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(reason);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(filesIn(folder)).toEqual(before);
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('kept');
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
    'that is ended by %s leaves no folder of its name',
    async (signal) => {
      const dataDir = await storedData();
      const folder = temporaryFolder();
      // The copy waits for a lock that another program holds.
      const holder = new Database(join(dataDir, 'notification', 'notification.db'));
      holder.exec('BEGIN IMMEDIATE');
      const program = run('dist/e2e/tools/backup.js', [join(folder, 'copy')], { DATA_DIR: dataDir });
      await waitUntil(() => readdirSync(folder).length > 0, { what: 'the copy to begin' });

      program.signal(signal);
      const ended = await program.exit;
      holder.close();

      expect(ended).not.toEqual({ code: 0, signal: null });
      expect(existsSync(join(folder, 'copy'))).toBe(false);
      if (signal !== 'SIGKILL') expect(readdirSync(folder)).toEqual([]);
      expect((await backup([join(folder, 'copy')], { DATA_DIR: dataDir })).code).toBe(0);
    },
  );
});

/** The files below a folder, without those that SQLite keeps beside an open database. */
function filesIn(folder: string): readonly string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)));
  return files.filter((file) => !/-(?:wal|shm)$/.test(file)).sort();
}
