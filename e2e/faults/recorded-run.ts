/** A store that runs on a recorded disk, through its first start, a restart, a crash and checkpoints. */
import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { type Env, type Host, type OnFinished, TestStore, temporaryFolder } from '../scenarios/harness.ts';
import type { Acknowledged } from './acknowledged.ts';
import { type DiskRule, FaultyDisk } from './disk-fault.ts';
import { type DiskChange, readChanges } from './record.ts';
import { Workload } from './workload.ts';

export interface RecordedRun {
  /** The disk as it is at the end; the data folder of the store is `data` in it. */
  readonly root: string;
  readonly changes: readonly DiskChange[];
  readonly promises: readonly Acknowledged[];
}

export interface RunPlan {
  readonly host: Host;
  /** Orders before the restart, before the crash, and after it. */
  readonly orders: readonly [first: number, second: number, last: number];
  readonly clients: number;
  readonly env?: Env;
  /** What fails while clients are served. */
  readonly rules?: readonly DiskRule[];
}

/** A killed process has no change that is done and not noted, when it is at rest. */
export async function recordRun(library: string, plan: RunPlan, onFinished: OnFinished): Promise<RecordedRun> {
  const folder = realpathSync(temporaryFolder(onFinished));
  const root = join(folder, 'disk');
  mkdirSync(root);
  const disk = new FaultyDisk(library, root, join(folder, 'faults'), { records: true });
  const env = { ...disk.env, ...plan.env, DATA_DIR: join(root, 'data') };
  const store = await TestStore.create(plan.host, env, onFinished);
  const clients = new Workload(store);
  const [first, second, last] = plan.orders;
  const serve = async (orders: number) => {
    disk.set(plan.rules ?? []);
    await clients.run(orders, plan.clients);
    disk.clear();
  };
  await store.start();
  await clients.stock();
  await serve(first);
  await clients.produce(3, folder, env);
  await store.settle();
  await store.stopAll();
  await store.start();
  await clients.produce(3, folder, env);
  await serve(second);
  await store.settle();
  await store.end();
  await store.start();
  await serve(last);
  await store.settle();
  await store.end();
  disk.close();
  if (clients.wrongAnswers.length > 0) throw new Error(`wrong answers:\n${clients.wrongAnswers.join('\n')}`);
  return { root, changes: readChanges(disk.recordDir ?? '', root), promises: clients.acknowledged };
}
