/** CI's reporter names each failure of a run of vitest, also those that leave no failed test behind. */
import { spawnSync } from 'node:child_process';
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { temporaryFolder } from './scenarios/harness.ts';

const root = fileURLToPath(new URL('../', import.meta.url));

/** Runs a file of tests. @returns the lines of the outcome */
function outcomeOf(tests: string): readonly string[] {
  const folder = realpathSync(temporaryFolder());
  writeFileSync(join(folder, 'it.test.js'), tests);
  const outcome = join(folder, 'outcome');
  const args = ['run', '--globals', `--root=${folder}`, '--reporter=default', `--reporter=${root}.ci/outcome.mjs`];
  spawnSync(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), ...args], {
    cwd: folder,
    env: { ...process.env, OUTCOME_FILE: outcome },
  });
  return readFileSync(outcome, 'utf8').trimEnd().split('\n');
}

it.each([
  ['a test', `it('is', () => { throw new Error('one\\ntwo'); });`, '0 1', 'it.test.js > is: Error: one (it.test.js:1)'],
  [
    'what a suite does before its tests',
    `describe('a', () => { beforeAll(() => { throw new TypeError('before'); }); it('is', () => {}); });`,
    '0 1',
    'it.test.js > a: TypeError: before (it.test.js:1)',
  ],
  [
    'what a file does after them',
    `afterAll(() => { throw new Error('after'); }); it('is', () => {});`,
    '1 1',
    'it.test.js: Error: after (it.test.js:1)',
  ],
  ['a file that does not load', `throw new Error('load');`, '0 1', 'it.test.js: Error: load (it.test.js:1)'],
  [
    'an error that is not caught',
    `it('is', async () => { Promise.reject(new Error('lost')); await new Promise((done) => setTimeout(done, 20)); });`,
    '1 1',
    'it.test.js: not caught: Error: lost (it.test.js:1)',
  ],
  [
    'what its hooks say after a failure',
    `it('is', ({ onTestFailed }) => { onTestFailed(() => { throw new Error('ended'); }); throw new Error('one'); });`,
    '0 1',
    'it.test.js > is: Error: one (it.test.js:1); then Error: ended (it.test.js:1)',
  ],
  [
    'a cause',
    `it('is', () => { throw new Error('outer', { cause: new TypeError('inner') }); });`,
    '0 1',
    'it.test.js > is: Error: outer (it.test.js:1); Caused by: TypeError: inner (it.test.js:1)',
  ],
])('tells of %s', (_, tests, counts, failure) => {
  expect(outcomeOf(tests)).toEqual([counts, failure]);
});

it('tells of a file whose process has died', () => {
  const [counts, ...failures] = outcomeOf(
    `it('is', () => {}); it('dies', () => process.kill(process.pid, 'SIGKILL'));`,
  );

  expect([counts?.split(' ')[1], failures[0]]).toEqual(['2', 'it.test.js: it has not ended']);
  expect(failures[1]).toMatch(/^not caught: Error: .*; Caused by: Error: Worker exited unexpectedly/);
});

it('counts what passes', () => {
  expect(outcomeOf(`it('is', () => {}); it.skip('is not', () => {});`)).toEqual(['1 0']);
});
