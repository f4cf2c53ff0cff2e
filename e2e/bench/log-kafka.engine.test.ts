/** `npm run bench -- --log kafka`: that both programs take every order to its notice, and that nothing is left. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { whyNoKafka } from '../engines/broker.ts';
import { describeOnKafka, sharedBrokers } from '../engines/shared-broker.ts';
import { run, temporaryFolder } from '../scenarios/harness.ts';
import { waitUntil } from '../tools/wait-until.ts';
import type { Section } from './report.ts';

interface Printed {
  readonly sections: readonly Section[];
  readonly wrong: readonly string[];
}

describeOnKafka('the bench on Kafka', { timeout: 240_000 }, () => {
  it.each(['ours', 'reference'])('finishes every order of %s, with a ledger that is right', async (only) => {
    const env = { KAFKA_BROKERS: sharedBrokers.join(), TMPDIR: temporaryFolder() };
    const program = run('dist/e2e/bench/main.js', ['--log', 'kafka', '--quick', '--only', only, '--json'], env);

    expect([(await program.exit).code, program.stderr()]).toEqual([0, '']);
    const { sections, wrong } = JSON.parse(program.stdout()) as Printed;
    expect(wrong).toEqual([]);
    expect(sections.map(({ columns }) => columns[0])).toEqual([only]);
    const measured = sections.flatMap(({ rows }) => rows).filter(({ ours }) => ours > 0);
    expect(measured.map(({ measure }) => measure)).toEqual(
      expect.arrayContaining(['finished, 64 in flight', 'accepted, 64 in flight', 'POST to notice at 50/s, p50']),
    );
    expect(readdirSync(env.TMPDIR)).toEqual([]);
  });

  it.runIf(whyNoKafka() === null)('leaves no broker of its own behind after Ctrl-C, and none of its data', async () => {
    const folder = temporaryFolder();
    const args = ['--log', 'kafka', '--quick', '--only', 'reference'];
    const program = run('dist/e2e/bench/main.js', args, { TMPDIR: folder });
    await waitUntil(() => readdirSync(folder).length > 0 && programsIn(folder).length === 2, {
      timeoutMs: 120_000,
      what: 'the broker and the reference to run',
    });

    program.signal('SIGINT');

    expect((await program.exit).code).toBe(130);
    await waitUntil(() => programsIn(folder).length === 0, { what: 'both to be gone' });
    expect(readdirSync(folder)).toEqual([]);
  });
});

/** What runs with its data below a folder; Linux alone says so. */
function programsIn(folder: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`DATA_DIR=${folder}`) || isBrokerIn(pid, folder);
      } catch {
        return false;
      }
    });
}

function isBrokerIn(pid: string, folder: string): boolean {
  const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  return line.includes('kafka.Kafka') && line.includes(folder);
}
