import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { notOnKafka } from './e2e/scenarios/not-on-kafka.ts';

const exclude = [...configDefaults.exclude, 'dist/**', 'data/**'];

const exceptOnKafka = Object.keys(notOnKafka).map((name) => `e2e/scenarios/${name}.e2e.test.ts`);

/**
 * The scenarios about what is done to a store: it is killed, frozen, started again and again, moved, restored, flooded. They take
 * minutes, and only `npm run test-resilience` runs them.
 */
const resilience = [
  'any-restore',
  'backlog',
  'backup',
  'chaos',
  'chaos-tool',
  'crash',
  'faults',
  'leaping-clock',
  'moved-data',
  'offline',
  'processes',
  'refused-starts',
  'restored',
  'start',
  'starter',
].map((name) => `e2e/scenarios/${name}.e2e.test.ts`);

/** Its frames are timed, so nothing runs beside it. */
const timed = ['e2e/console/pace.browser.test.ts'];

/**
 * What handles messages, dead letters and old rows in transactions. These tests run once more on stores that run each piece of
 * work twice and throw the first result away.
 */
const workInTransactions = [
  'shared/runtime/{handle,worker,dead-letters,retention}/*.test.ts',
  'functions/{compensation,conditional,retention}.test.ts',
  'functions/{inventory,order}/*.test.ts',
];

/** Longer than what they wait for, such as a store that is to come to rest: that ends first, and says what is missing. */
const withProcesses = { testTimeout: 300_000, hookTimeout: 300_000 };

type ProjectOptions = NonNullable<TestProjectInlineConfiguration['test']>;

/**
 * A project with what all of them have. What tests print goes straight to the output: on its way through vitest, a line of a
 * file that ends too soon after it fails the run (vitest 4.1).
 */
function project(options: ProjectOptions): { test: ProjectOptions } {
  return { test: { exclude, disableConsoleIntercept: true, ...options } };
}

/**
 * The suffix is the price. `*.test.ts`: milliseconds, side by side, from the TypeScript sources. `*.e2e.test.ts`: real
 * processes of `dist/`, three files at a time, after the others, but for those of {@link resilience}; `npm test` runs them in one process, and
 * `npm run test-processes` in a process each (`shared/tools/commands.mjs` tells them apart by name). `*.faults.test.ts`: minutes, hundreds of starts of the store
 * on broken disks; only `npm run test-faults` runs them. `*.browser.test.ts`: the store in a real browser; only
 * `npm run test-browser` runs them. `*.engine.test.ts`: against a real Kafka broker; only `npm run test-engines` runs them, and the
 * scenarios of `e2e` once more, but for a few (`notOnKafka`), and the main pages of the console.
 */
export default defineConfig({
  test: {
    projects: [
      project({
        name: 'unit',
        include: ['**/*.test.ts'],
        exclude: [...exclude, '**/*.e2e.test.ts', '**/*.faults.test.ts', '**/*.browser.test.ts', '**/*.engine.test.ts'],
        // One for each processor; the default leaves one to the main process, which only waits.
        maxWorkers: availableParallelism(),
        sequence: { groupOrder: 0 },
        // No test here judges speed, and a busy machine is slow.
        testTimeout: 60_000,
        hookTimeout: 60_000,
      }),
      project({
        name: 'repeated',
        include: workInTransactions,
        setupFiles: ['shared/testing/repeat-work.ts'],
        testTimeout: 60_000,
        hookTimeout: 60_000,
        maxWorkers: availableParallelism(),
        sequence: { groupOrder: 0 },
      }),
      project({
        name: 'e2e',
        include: ['**/*.e2e.test.ts'],
        exclude: [...exclude, ...resilience],
        globalSetup: ['e2e/fresh-build.ts'],
        // Three: often they wait, for each other's processes or for time.
        maxWorkers: 3,
        sequence: { groupOrder: 1 },
        ...withProcesses,
      }),
      project({
        name: 'resilience',
        include: resilience,
        globalSetup: ['e2e/fresh-build.ts'],
        maxWorkers: 3,
        sequence: { groupOrder: 1 },
        ...withProcesses,
      }),
      project({
        name: 'faults',
        include: ['**/*.faults.test.ts'],
        globalSetup: ['e2e/fresh-build.ts', 'e2e/faults/needs-compiler.ts'],
        fileParallelism: false,
        sequence: { groupOrder: 2 },
        ...withProcesses,
      }),
      project({
        name: 'browser',
        include: ['**/*.browser.test.ts'],
        exclude: [...exclude, ...timed],
        globalSetup: ['e2e/fresh-build.ts', 'e2e/browser/needs-chromium.ts'],
        // Two: half of their time they wait.
        maxWorkers: 2,
        sequence: { groupOrder: 3 },
        ...withProcesses,
      }),
      project({
        name: 'browser-timed',
        include: timed,
        globalSetup: ['e2e/fresh-build.ts', 'e2e/browser/needs-chromium.ts'],
        fileParallelism: false,
        sequence: { groupOrder: 4 },
        ...withProcesses,
      }),
      project({
        name: 'engines',
        include: ['**/*.engine.test.ts'],
        globalSetup: ['e2e/fresh-build.ts', 'e2e/engines/needs-broker.ts'],
        maxWorkers: 2,
        sequence: { groupOrder: 5 },
        ...withProcesses,
      }),
      project({
        name: 'e2e-kafka',
        include: ['e2e/scenarios/*.e2e.test.ts'],
        exclude: [...exclude, ...exceptOnKafka],
        env: { E2E_LOG: 'kafka' },
        globalSetup: ['e2e/fresh-build.ts', 'e2e/engines/needs-broker.ts'],
        maxWorkers: 2,
        sequence: { groupOrder: 6 },
        ...withProcesses,
      }),
      project({
        name: 'console-kafka',
        include: ['e2e/console/{overview,order,dead-letters}.browser.test.ts'],
        env: { E2E_LOG: 'kafka' },
        globalSetup: ['e2e/fresh-build.ts', 'e2e/engines/needs-broker.ts', 'e2e/browser/needs-chromium.ts'],
        fileParallelism: false,
        sequence: { groupOrder: 7 },
        ...withProcesses,
      }),
    ],
  },
});
