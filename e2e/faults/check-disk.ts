/** Starts the store on a disk that a cut has left, and says what is wrong with it. */
import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { dataFile, topicFile } from '../../functions/engine.ts';
import { functionNames } from '../../saga/choreography.ts';
import { checksOf } from '../prove/checks.ts';
import { orderOf, post } from '../scenarios/client.ts';
import { TestStore } from '../scenarios/harness.ts';
import { type Acknowledged, brokenPromises } from './acknowledged.ts';
import { writeDisk } from './disk-folder.ts';
import type { Disk } from './disk-model.ts';
import { keyOf } from './workload.ts';

/** How many of the latest orders are placed again with their keys. */
const REPEATS = 2;
const STARTS_MAX = 3;

/**
 * A sentence for everything that is wrong: a promise that was made before the cut and is broken, a store that does not
 * start or settle, a ledger with differences, a file that is corrupt, a dead letter.
 */
export async function faultsOfDisk(disk: Disk, promises: readonly Acknowledged[]): Promise<readonly string[]> {
  for (let attempt = 1; ; attempt++) {
    const faults = await faultsOfOneStart(disk, promises);
    // Another program of this machine was faster to take a port that was free.
    const isPortTaken = faults.some((sentence) => sentence.includes('EADDRINUSE'));
    if (!isPortTaken || attempt === STARTS_MAX) return faults;
  }
}

async function faultsOfOneStart(disk: Disk, promises: readonly Acknowledged[]): Promise<readonly string[]> {
  const cleanUps: (() => void | Promise<void>)[] = [];
  try {
    const store = await TestStore.create('one process', {}, (clean) => void cleanUps.unshift(clean));
    writeDisk(disk, 'data', store.dataDir);
    await store.start();
    const repeated = await repeatedOrders(store, promises);
    const ledger = await store.settle();
    const open = Object.entries(ledger.deadLetters).filter(([, count]) => count > 0);
    return [
      ...repeated,
      ...(await brokenPromises(store.url(''), promises)),
      ...checksOf(ledger).flatMap(({ differences }) => differences),
      ...open.map(([name, count]) => `${name} has ${count} dead letters`),
      ...corruptFiles(store.dataDir),
    ];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  } finally {
    for (const clean of cleanUps) await clean();
  }
}

/** The repeat of an acknowledged order is its replay: also the key was kept. */
async function repeatedOrders(store: TestStore, promises: readonly Acknowledged[]): Promise<readonly string[]> {
  const placed = promises.filter((promise) => promise.kind === 'order').slice(-REPEATS);
  const found = placed.map(async ({ orderId, product, quantity }) => {
    const headers = { 'idempotency-key': keyOf(orderId) };
    const answer = await post(store.url('/orders'), orderOf(orderId, quantity, product), { headers });
    if (answer.headers['idempotent-replayed'] === 'true') return [];
    return [`the repeat of ${orderId} was answered with ${answer.status} as a new order`];
  });
  return (await Promise.all(found)).flat();
}

function corruptFiles(dataDir: string): readonly string[] {
  const files = [...functionNames.map((name) => dataFile(dataDir, name)), topicFile(dataDir, 'order-commands')];
  return files.filter(existsSync).flatMap((file) => {
    const db = new Database(file, { readonly: true });
    try {
      const answer = db.pragma('integrity_check(1)', { simple: true });
      return answer === 'ok' ? [] : [`${file}: ${String(answer)}`];
    } finally {
      db.close();
    }
  });
}
