import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The vitest projects that a command runs. */
function projectsOf(...args: readonly string[]): readonly string[] {
  const printed = execFileSync(process.execPath, ['shared/tools/run.mjs', '--print', ...args], { cwd: root });
  const lines = JSON.parse(printed.toString()) as readonly (readonly string[])[];
  return (lines.at(-1) ?? []).filter((_, at, line) => line[at - 1] === '--project');
}

it.each(['test', 'check'])('npm run %s runs the projects that need nothing but Node', (command) => {
  expect(projectsOf(command)).toEqual(['unit', 'repeated', 'e2e']);
});

it.each(['faults', 'browser', 'engines'])('npm run test-%s runs that project alone', (project) => {
  expect(projectsOf('test', '--project', project)).toEqual([project]);
});
