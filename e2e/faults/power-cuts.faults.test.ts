/** Power cuts: the store is started on every disk that they leave, and everything acknowledged is there. */
import { availableParallelism } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chanceFrom } from '../chaos/chance.ts';
import { faultsOfDisk } from './check-disk.ts';
import { type CutDisk, cutDisks, type Place, type PlannedCut, places, planCuts } from './cuts.ts';
import { libraryForTests } from './disk-fault.ts';
import { readDisk } from './disk-folder.ts';
import { DiskModel } from './disk-model.ts';
import { type RecordedRun, type RunPlan, recordRun } from './recorded-run.ts';

/** Another seed cuts the run elsewhere: FAULTS_SEED=8 npm run test-faults. */
const SEED = Number(process.env['FAULTS_SEED'] ?? 7);
const library = libraryForTests();
const NORMAL = new URL('../../dist/e2e/faults/synchronous-normal.js', import.meta.url).href;

type Counts = Readonly<Record<Place, number>>;
const many: Counts = {
  'at the creation': 22,
  'after an answer': 22,
  'in a commit': 22,
  'in a checkpoint': 18,
  'in a topic file': 20,
  anywhere: 16,
};
const some: Counts = {
  'at the creation': 4,
  'after an answer': 4,
  'in a commit': 4,
  'in a checkpoint': 4,
  'in a topic file': 6,
  anywhere: 4,
};

const runs: readonly (readonly [name: string, counts: Counts, plan: RunPlan])[] = [
  ['a store in one process', many, { host: 'one process', orders: [50, 80, 500], clients: 3 }],
  ['a store in a process each', some, { host: 'a process each', orders: [20, 30, 20], clients: 3 }],
  [
    'a store whose syncs fail now and then',
    some,
    {
      host: 'one process',
      orders: [30, 40, 30],
      clients: 3,
      rules: [{ operation: 'sync', failure: 'EIO', share: 0.1 }],
    },
  ],
];

/** What is wrong with the disks, each sentence with its cut. Several stores run at once. */
async function faultsOfDisks(disks: Iterator<CutDisk>): Promise<readonly string[]> {
  const found: string[] = [];
  const worker = async () => {
    for (let next = disks.next(); next.done !== true; next = disks.next()) {
      const { cut, disk, promises } = next.value;
      const sentences = await faultsOfDisk(disk, promises);
      found.push(...sentences.map((sentence) => `${textOf(cut)}: ${sentence}`));
    }
  };
  await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, worker));
  return found;
}

function textOf({ place, after, data, entries }: PlannedCut): string {
  return `cut ${place}, after change ${after}, with ${data} of the data and ${entries} of the entries`;
}

/** One recording for several tests. */
function recorded(plan: RunPlan): () => RecordedRun {
  const cleanUps: (() => void | Promise<void>)[] = [];
  let run: RecordedRun | null = null;
  beforeAll(async () => {
    run = await recordRun(library ?? '', plan, (clean) => void cleanUps.unshift(clean));
  });
  afterAll(async () => {
    for (const clean of cleanUps) await clean();
  });
  return () => {
    if (run === null) throw new Error('nothing was recorded');
    return run;
  };
}

describe.skipIf(library === null).each(runs)('%s', (_, counts, plan) => {
  const run = recorded(plan);

  it('has a disk of which every change is recorded', () => {
    const { root, changes } = run();
    const model = new DiskModel();
    for (const change of changes) model.apply(change);
    const made = model.cut({ data: 'all', entries: 'all' }, chanceFrom(SEED, 'cut'));
    const real = readDisk(root);

    expect([...made.folders].sort()).toEqual(real.folders);
    expect(made.files.map(({ path }) => path).sort()).toEqual(real.files.map(({ path }) => path).sort());
    for (const { path, contents } of real.files) {
      expect(made.files.find((file) => file.path === path)?.contents.equals(contents), path).toBe(true);
    }
  });

  // The others are too short for it.
  if (counts === many) {
    it('copies its write-ahead log into its file while clients are served', () => {
      const { changes, promises } = run();
      // After the restart, at which the log is copied too.
      const first = promises.findLast(({ kind }) => kind === 'topic')?.atNs ?? 0n;
      const last = promises.at(-1)?.atNs ?? 0n;
      const copied = changes.filter(({ kind, path, endedNs }) => {
        return kind === 'write' && path.endsWith('order.db') && endedNs > first && endedNs < last;
      });

      expect(copied.length).toBeGreaterThan(10);
    });
  }

  it.each(places)('loses nothing that was acknowledged by a power cut %s', async (place) => {
    const { changes, promises } = run();
    const cuts = planCuts(changes, promises, { ...none, [place]: counts[place] }, chanceFrom(SEED, `plan ${place}`));

    expect(cuts.length).toBe(counts[place]);
    expect(await faultsOfDisks(cutDisks(changes, promises, cuts, chanceFrom(SEED, `cuts ${place}`)))).toEqual([]);
  });
});

const none: Counts = {
  'at the creation': 0,
  'after an answer': 0,
  'in a commit': 0,
  'in a checkpoint': 0,
  'in a topic file': 0,
  anywhere: 0,
};

describe.skipIf(library === null)('a store that writes with synchronous=NORMAL', () => {
  const run = recorded({
    host: 'one process',
    orders: [20, 20, 20],
    clients: 3,
    env: { NODE_OPTIONS: `--import=${NORMAL}` },
  });

  it('loses acknowledged orders by a power cut after an answer, and the check finds it', async () => {
    const { changes, promises } = run();
    const cuts = planCuts(changes, promises, { ...none, 'after an answer': 4 }, chanceFrom(SEED, 'plan'));
    const losing = cuts.map((cut) => ({ ...cut, data: 'none', entries: 'all' }) as const);

    const found = await faultsOfDisks(cutDisks(changes, promises, losing, chanceFrom(SEED, 'cuts')));

    expect(found.join('\n')).toMatch(/order of ORDER-\d+ was acknowledged, and the order is not there/);
  });
});
