import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The values of an option of vitest in the last line that a command runs. */
function valuesOf(option: string, ...args: readonly string[]): readonly string[] {
  const printed = execFileSync(process.execPath, ['shared/tools/run.mjs', '--print', ...args], { cwd: root });
  const lines = JSON.parse(printed.toString()) as readonly (readonly string[])[];
  return (lines.at(-1) ?? []).filter((_, at, line) => line[at - 1] === option);
}

function projectsOf(...args: readonly string[]): readonly string[] {
  return valuesOf('--project', ...args);
}

it.each(['test', 'check'])('npm run %s runs the projects that need nothing but Node', (command) => {
  expect(projectsOf(command)).toEqual(['unit', 'repeated', 'e2e']);
});

it('npm run test-processes runs scenarios alone', () => {
  expect(projectsOf('processes')).toEqual(['e2e']);
});

it('each scenario runs either with the quick tests or in a process each', () => {
  const patterns = ['test', 'processes'].flatMap((command) => valuesOf('--testNamePattern', command));
  const runsOf = (name: string) => patterns.map((pattern) => new RegExp(pattern).test(name));

  expect(patterns).toHaveLength(2);
  expect(['a store in one process stops', 'a store in two threads stops', 'a tool ends'].map(runsOf)).toEqual(
    Array(3).fill([true, false]),
  );
  expect(['a store in a process each stops', 'of two\nlines, in a process each'].map(runsOf)).toEqual(
    Array(2).fill([false, true]),
  );
  expect(valuesOf('--testNamePattern', 'check')).toEqual(valuesOf('--testNamePattern', 'test'));
});

it('no other test has the words by which the quick tests leave scenarios out, because no command would run it', () => {
  const [pattern = ''] = valuesOf('--testNamePattern', 'processes');
  const files = ['saga', 'shared', 'functions', 'seed', 'e2e'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  );
  const leftOut = files
    .filter((file) => /(?:(?<!\.(?:e2e|faults|browser|engine))\.test|\.conformance)\.ts$/.test(file))
    .filter((file) => new RegExp(pattern).test(readFileSync(join(root, file), 'utf8')));

  expect(leftOut).toEqual(['e2e/tools/commands.test.ts']);
});

it.each([['--project', 'e2e'], ['-t', 'a store'], ['e2e/scenarios/chaos.e2e.test.ts']])(
  'npm test -- %s … leaves out nothing of what was chosen',
  (...args) => {
    expect(valuesOf('--testNamePattern', 'test', ...args)).toEqual([]);
  },
);

it('npm test with a reporter runs the quick tests', () => {
  const args = ['--reporter=default', '--outputFile.json=report.json'];

  expect(valuesOf('--testNamePattern', 'test', ...args)).toEqual(valuesOf('--testNamePattern', 'test'));
});

it.each(['faults', 'browser', 'engines'])('npm run test-%s runs that project alone', (project) => {
  expect(projectsOf('test', '--project', project)).toEqual([project]);
});
