/** A disk that errs while the store runs: that is never the fault of a message, and work resumes when the disk is well. */
import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type FunctionName, functionNames } from '../../saga/choreography.ts';
import { post, request } from '../scenarios/client.ts';
import { type Env, type Host, runStore, TestStore, temporaryFolder } from '../scenarios/harness.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { brokenPromises } from './acknowledged.ts';
import { type DiskFailure, type DiskOperation, type DiskRule, FaultyDisk, libraryForTests } from './disk-fault.ts';
import { Workload } from './workload.ts';

const library = libraryForTests();
const CLIENTS = 3;
const ERRS_MS = 2_500;
/** Clients repeat their commands for longer. */
const SEEN_MAX_MS = 15_000;
/** The first, the second, … call fails, and for each there are some orders, until it was made. */
const CALLS = 20;
const ORDERS_PER_CALL = 6;
/** `/readyz` names the error by SQLite's code, by the system's, or in words. */
const NAMED = /SQLITE_[A-Z]+|E[A-Z]{2,}|no room left/;

interface OnFaultyDisk {
  readonly store: TestStore;
  readonly disk: FaultyDisk;
  readonly clients: Workload;
  readonly folder: string;
  readonly env: Env;
}

async function storeOnFaultyDisk(host: Host, settings: Env = {}): Promise<OnFaultyDisk> {
  const folder = realpathSync(temporaryFolder());
  const root = join(folder, 'disk');
  mkdirSync(root);
  const disk = new FaultyDisk(library ?? '', root, join(folder, 'faults'), { records: false });
  const env = { ...disk.env, DATA_DIR: join(root, 'data'), LOG_LEVEL: 'fatal', ...settings };
  const store = await TestStore.create(host, env);
  return { store, disk, clients: new Workload(store), folder, env };
}

async function servingStore(host: Host): Promise<OnFaultyDisk> {
  const on = await storeOnFaultyDisk(host);
  await on.store.start();
  await on.clients.stock();
  await on.clients.run(12, CLIENTS);
  return on;
}

/** Everything that has to be true when the disk is well again. */
async function expectNothingLost({ store, disk, clients }: OnFaultyDisk): Promise<void> {
  disk.clear();
  const ledger = await store.settle();
  expect(clients.wrongAnswers).toEqual([]);
  expect(Object.values(ledger.deadLetters)).toEqual(functionNames.map(() => 0));
  expect(await deadLettersEver(store)).toEqual(functionNames.map(() => 0));
  expect(await brokenPromises(store.url(''), clients.acknowledged)).toEqual([]);
}

/** Also those that were resolved. */
async function deadLettersEver(store: TestStore): Promise<readonly number[]> {
  return Promise.all(
    functionNames.map(async (name) => {
      const { text } = await request('GET', store.url(`/operations/${name}/dead-letters?status=all`, name));
      return (JSON.parse(text) as { letters: readonly object[] }).letters.length;
    }),
  );
}

/** The disk errs for a while, and until that is seen: on a slow machine little happens in that time. */
async function errUntil(isSeen: () => boolean | Promise<boolean>, { disk }: OnFaultyDisk, rules: readonly DiskRule[]) {
  disk.set(rules);
  const beganMs = performance.now();
  while (performance.now() - beganMs < ((await isSeen()) ? ERRS_MS : SEEN_MAX_MS)) await sleep(50);
  disk.clear();
}

type Red = ReadonlyMap<FunctionName, string>;

/** The answers of `/readyz` that were red while the disk erred, by function. */
async function redWhile(
  on: OnFaultyDisk,
  rules: readonly DiskRule[],
  isSeen = (red: Red) => red.size > 0,
): Promise<Red> {
  const red = new Map<FunctionName, string>();
  const look = async () => {
    for (const name of functionNames) {
      const answer = await request('GET', on.store.url('/readyz', name));
      if (answer.status !== 200) red.set(name, answer.text);
    }
    return isSeen(red);
  };
  await errUntil(look, on, rules);
  return red;
}

/** How many calls failed. */
async function failuresOf(on: OnFaultyDisk, rules: readonly DiskRule[]): Promise<number> {
  let failed = 0;
  const look = () => {
    failed = on.disk.counts().reduce((sum, counts) => sum + counts.failed, 0);
    return failed > 0;
  };
  await errUntil(look, on, rules);
  return failed;
}

type Case = readonly [host: Host, operation: DiskOperation, failure: DiskFailure, share: number];

/** The failures that stop work, for as long as they last. */
const lasting: readonly Case[] = [
  ['one process', 'write', 'EIO', 1],
  ['one process', 'write', 'ENOSPC', 1],
  ['one process', 'sync', 'EIO', 1],
  ['a process each', 'read', 'EIO', 1],
  ['a process each', 'read', 'end', 1],
  ['a process each', 'write', 'EIO', 1],
];
/** The failures of some calls, and those that a program can do its work with. */
const passing: readonly Case[] = [
  ['a process each', 'read', 'EIO', 0.3],
  ['a process each', 'read', 'short', 0.7],
  ['a process each', 'read', 'EINTR', 0.5],
  ['a process each', 'read', 'ENOMEM', 0.3],
  ['one process', 'write', 'EIO', 0.02],
  ['one process', 'write', 'short', 0.7],
  ['one process', 'write', 'EINTR', 0.5],
  ['one process', 'sync', 'EIO', 0.3],
  ['one process', 'sync', 'EINTR', 0.3],
];

describe.skipIf(library === null)('a disk on which calls fail under load', () => {
  it.each(lasting)(
    'stops the store for as long as they do, is shown by /readyz, and no message is lost: %s, %s %s',
    async (host, operation, failure, share) => {
      const on = await servingStore(host);
      const red = redWhile(on, [{ operation, failure, share }]);
      await on.clients.run(20, CLIENTS);

      expect((await red).size).toBeGreaterThan(0);
      for (const [name, text] of await red) expect(`${name}: ${text}`).toMatch(NAMED);
      await expectNothingLost(on);
    },
  );

  it.each(passing)('delays the store, and no message is lost: %s, %s %s of a share of %f', async (...given) => {
    const [host, operation, failure, share] = given;
    const on = await servingStore(host);
    const failed = failuresOf(on, [{ operation, failure, share }]);
    await on.clients.run(20, CLIENTS);

    expect(await failed).toBeGreaterThan(0);
    await expectNothingLost(on);
  });

  it.each(functionNames)('is red at %s where only its folder errs, and no message is lost', async (name) => {
    const on = await servingStore('a process each');
    const rules = (['read', 'write', 'sync', 'truncate', 'open'] as const).map((operation) => {
      return { operation, failure: 'EIO', pattern: `data/${name}/*` } as const;
    });
    const red = redWhile(on, rules, (seen) => seen.has(name));
    await on.clients.run(20, CLIENTS);

    expect([...(await red).keys()]).toContain(name);
    await expectNothingLost(on);
  });
});

describe.skipIf(library === null)('a single call that fails', () => {
  it.each([
    ['read', 'EIO'],
    ['read', 'end'],
    ['write', 'EIO'],
    ['write', 'ENOSPC'],
    ['write', 'EINTR'],
    ['sync', 'EIO'],
  ] as const)('costs attempts and nothing else, whichever it is: %s with %s', async (operation, failure) => {
    const on = await servingStore('a process each');
    let failed = 0;
    for (let skip = 0; skip < CALLS; skip++) {
      on.disk.set([{ operation, failure, skip, count: 1 }]);
      const countFailed = () => on.disk.counts()[0]?.failed ?? 0;
      for (let order = 0; order < ORDERS_PER_CALL && countFailed() === 0; order++) await on.clients.run(1, 1);
      failed += countFailed();
    }

    expect(failed).toBeGreaterThanOrEqual(CALLS / 2);
    await expectNothingLost(on);
  });
});

describe.skipIf(library === null)('a program that can open no more files', () => {
  it('says so when it produces, and appends everything or nothing', async () => {
    const on = await servingStore('one process');
    on.disk.set([{ operation: 'open', failure: 'EMFILE', pattern: '*/topics/*' }]);

    await expect(on.clients.produce(2, on.folder, on.env)).rejects.toThrow(/produce ended with 1/);
    on.disk.clear();
    await on.clients.produce(2, on.folder, on.env);
    await expectNothingLost(on);
  });
});

describe.skipIf(library === null)('a start on a disk that errs', () => {
  const kinds: readonly (readonly [DiskOperation, DiskFailure])[] = [
    ['open', 'EMFILE'],
    ['open', 'EIO'],
    ['read', 'EIO'],
    ['write', 'EIO'],
    ['write', 'ENOSPC'],
    ['sync', 'EIO'],
    ['entry', 'EIO'],
  ];

  it.each(kinds)('ends with a sentence or works, and the next one works: %s with %s', async (operation, failure) => {
    for (const skip of [0, 2, 9]) {
      const on = await storeOnFaultyDisk('a process each');
      on.disk.set([{ operation, failure, skip }]);
      const program = runStore(['order'], on.store.env);
      const isReady = async () => (await request('GET', on.store.url('/readyz', 'order'))).status > 0;
      await waitUntil(() => program.hasEnded() || isReady(), { timeoutMs: 60_000, what: 'an end, or an answer' });
      if (program.hasEnded()) {
        expect(await program.exit, `${operation} ${failure} ${skip}`).toEqual({ code: 1, signal: null });
        expect(program.stderr()).toMatch(/^saga-store: .+\n$/);
      }
      program.signal('SIGKILL');
      await program.exit;
      on.disk.clear();
      await on.store.start();
      await on.clients.stock();
      await on.clients.run(2, 1);
      await expectNothingLost(on);
      await on.store.end();
    }
  });

  it('is answered with 503 as long as nothing can be read, and everything acknowledged is there afterwards', async () => {
    const on = await servingStore('a process each');
    await on.store.settle();
    await on.store.stopAll();
    await on.store.start();
    on.disk.set([{ operation: 'read', failure: 'EIO' }]);
    const body = { quantity: 1 };
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => post(on.store.url(`/stock/COLD-${n}/receipts`), body)),
    );

    expect(answers.map(({ status }) => status).filter((status) => status !== 201 && status !== 503)).toEqual([]);
    await expectNothingLost(on);
  });
});
