/** `npm run chaos` itself: a run that ends well, one that does not, and what it leaves behind. */
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { dataFile } from '../../functions/engine.ts';
import { functionNames } from '../../saga/choreography.ts';
import type { Verdict } from '../chaos/verdict.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { type Env, type Program, run, runStore, temporaryFolder } from './harness.ts';

const freeChoice = { GATEWAY_PORT: '0', ORDER_PORT: '0', INVENTORY_PORT: '0', NOTIFICATION_PORT: '0' };
const RUN_MAX_MS = 60_000;

/** The tool, with its temporary folders in one that is gone after the test. */
function chaos(...args: string[]): Program {
  return chaosWith({}, ...args);
}

function chaosWith(env: Env, ...args: string[]): Program {
  const program = run('dist/e2e/chaos/main.js', args, { TMPDIR: temporaryFolder(), ...env });
  onTestFinished(async () => {
    program.signal('SIGKILL');
    await program.exit;
  });
  return program;
}

function dataDirOf(program: Program): string {
  return /data in (\S+)/.exec(program.stdout() + program.stderr())?.[1] ?? '';
}

/** Each function can be started on the data: no process of the run holds it any more, once all of them have noticed its end. */
async function expectNoneLeft(dataDir: string): Promise<void> {
  for (const part of functionNames) {
    await waitUntil(async () => (await startOn(dataDir, part)) === '', { what: `${part} to be free` });
  }
}

/** What each function says that is started on the data. */
async function startedOn(dataDir: string): Promise<readonly string[]> {
  const said: string[] = [];
  for (const part of functionNames) said.push(await startOn(dataDir, part));
  return said;
}

/** Starts a function, and ends it. Returns what it says on stderr. */
async function startOn(dataDir: string, part: string): Promise<string> {
  const program = runStore([part], { ...freeChoice, DATA_DIR: dataDir });
  await waitUntil(() => program.stdout().includes('saga-store is up') || program.hasEnded());
  program.signal('SIGKILL');
  await program.exit;
  return program.stderr();
}

describe('a run', () => {
  it('ends with 0 where nothing was lost, and writes its report', async () => {
    const report = join(temporaryFolder(), 'run.html');
    const program = chaos('--minutes', '0.2', '--seed', '4', '--json', '--keep', '--report', report);

    const exit = await program.exit;
    if (program.stdout() === '') throw new Error(`no verdict: ${program.stderr()}`);
    const verdict = JSON.parse(program.stdout()) as Verdict;
    const { lost, doubled, unexpected, books } = verdict;
    expect([...lost, ...doubled, ...unexpected, ...books.differences].join('; ')).toBe('');
    expect(exit, program.stderr()).toEqual({ code: 0, signal: null });
    expect(verdict.faults.injected.kill).toBeGreaterThan(0);
    expect(verdict.orders.acknowledged).toBeGreaterThan(100);
    expect(program.stderr()).toContain('kill -9 inventory');
    expect(readFileSync(report, 'utf8')).toContain('data-name="inventory"');
    expect(await startedOn(dataDirOf(program))).toEqual(functionNames.map(() => ''));
  });

  it.runIf(process.platform === 'linux')('ends with 1 where there is no room for its report', async () => {
    const program = chaos('--minutes', '0.02', '--faults', 'stop', '--report', '/dev/full');

    expect(await program.exit).toEqual({ code: 1, signal: null });
    expect(program.stderr()).toMatch(/^The report \/dev\/full cannot be written: ENOSPC: [^\n]+\n$/);
  });

  it('says so and goes on where disk errors are not possible: without a C compiler', async () => {
    const program = chaosWith({ PATH: '/nowhere' }, '--minutes', '0.1', '--seed', '7', '--faults', 'disk');

    expect(await program.exit, program.stderr()).toEqual({ code: 0, signal: null });
    expect(program.stdout()).toContain('! NO DISK ERRORS ARE INJECTED');
    expect(program.stdout()).toMatch(/disk errors for \w+ .*not injected/);
  });

  it('ends by Ctrl-C with a verdict, which is 1 where somebody changed the books', async () => {
    const program = chaos('--seed', '7', '--only', 'gateway', '--rate', '100');
    await waitUntil(() => /[1-9]\d* with an outcome/.test(program.stdout()));
    const db = new Database(dataFile(dataDirOf(program), 'order'), { timeout: 5_000 });
    db.exec(
      "UPDATE orders SET total_minor = 1 WHERE order_id = (SELECT min(order_id) FROM orders WHERE status = 'confirmed')",
    );
    db.close();

    program.signal('SIGINT');

    expect(await program.exit, program.stderr()).toEqual({ code: 1, signal: null });
    expect(program.stdout()).toMatch(/order CHAOS-\d+ has the total 1 and lines of/);
    expect(program.stdout()).toContain('✗ The store did not keep its promises.');
    expect(program.stdout()).toContain('Repeat the plan: npm run chaos -- --seed 7 --rate 100 --only gateway');
  });

  it('leaves no process behind when it is killed itself', async () => {
    const program = chaos('--faults', 'kill', '--rate', '10', '--seed', '3');
    await waitUntil(() => program.stdout().includes('injecting faults'));

    program.signal('SIGKILL');
    await program.exit;

    await expectNoneLeft(dataDirOf(program));
  });

  it('takes its data away with it on a second Ctrl-C', async () => {
    const program = chaos('--rate', '10', '--seed', '3');
    await waitUntil(() => program.stdout().includes('injecting faults'));
    // Order can handle nothing and cannot end in order, and so the run cannot either. A frozen one may hold the lock for a while.
    const holder = new Database(dataFile(dataDirOf(program), 'order'), { timeout: 30_000 });
    holder.exec('BEGIN IMMEDIATE');

    program.signal('SIGINT');
    await waitUntil(() => program.stdout().includes('Stopping'));
    program.signal('SIGINT');

    expect(await program.exit).toEqual({ code: 130, signal: null });
    holder.close();
    expect(existsSync(dataDirOf(program))).toBe(false);
  });
});

it('fails where the store does not start, and says why', { timeout: RUN_MAX_MS }, async () => {
  const program = chaosWith({ LOG: 'kafka', KAFKA_BROKERS: '127.0.0.1:1' }, '--minutes', '0.1');

  expect(await program.exit).toEqual({ code: 1, signal: null });
  expect(program.stderr()).toMatch(/^The store does not start: .*KAFKA_BROKERS: no broker can be used/s);
  expect(existsSync(dataDirOf(program))).toBe(false);
});

describe(
  'options that make no sense',
  () => {
    it.each([
      ['--minutes', 'soon', 'above 0'],
      ['--faults', 'flood', 'Unknown: flood'],
      ['--report', '/nowhere/at/all/run.html', 'does not exist'],
      ['--report', tmpdir(), 'is a folder; --report takes a file'],
    ])('%s %s: told on stderr, with exit code 2', async (name, value, message) => {
      const program = chaos(name, value);

      expect(await program.exit).toEqual({ code: 2, signal: null });
      expect(program.stderr()).toContain(message);
      expect(program.stdout()).toBe('');
    });
  },
  RUN_MAX_MS,
);
