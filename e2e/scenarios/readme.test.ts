import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** Commands that CI cannot run, each with what holds it instead. */
const HELD_OTHERWISE: ReadonlyMap<string, string> = new Map([
  ['npm run compose-all', 'needs a Docker engine; compose.test.ts holds compose.yaml to the schema and to the scripts'],
]);

function commandsOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap(([, block = '']) => block.trim().split('\n'));
}

/** Commands that no line of the script runs. */
function notRun(commands: readonly string[], script: string): readonly string[] {
  return commands.filter((command) => !script.includes(command) && !HELD_OTHERWISE.has(command));
}

/** The commands that the script runs one after the other as the README shows them. */
function inOrder(commands: readonly string[], script: string): readonly string[] {
  const body = /^real_run\(\) \{\n([\s\S]*?)^\}/m.exec(script)?.[1] ?? '';
  const steps = body
    .split('\n')
    .map((line) => /^\s*step '[^']*' (?:start_store )?(.*)$/.exec(line)?.[1] ?? line.trim());
  return steps
    .filter((step) => commands.includes(step))
    .filter((step, n, all) => all.indexOf(step) === n || step === all[n - 1]);
}

describe('the README', () => {
  const commands = commandsOf(read('README.md'));

  it('shows commands', () => {
    expect(commands.length).toBeGreaterThan(10);
  });

  it('shows only commands that CI runs', () => {
    expect(notRun(commands, read('.ci/run'))).toEqual([]);
  });

  it('shows its commands in the order in which CI runs them on one store', () => {
    const run = inOrder(commands, read('.ci/run'));

    expect(run.length).toBeGreaterThan(20);
    expect(run).toEqual(commands.filter((command) => run.includes(command)));
  });

  it('says with each body that it is JSON', () => {
    const bodies = commands.filter((command) => command.includes(" -d '"));

    expect(bodies.length).toBeGreaterThan(5);
    expect(bodies.filter((command) => !command.includes(" -H 'content-type: application/json' "))).toEqual([]);
    for (const body of bodies) expect(() => JSON.parse(/ -d '(.*)'$/.exec(body)?.[1] ?? '')).not.toThrow();
  });

  it('has less than 150 lines', () => {
    expect(read('README.md').trimEnd().split('\n').length).toBeLessThan(150);
  });

  it('would be caught with a command that nobody runs', () => {
    expect(notRun([...commands, 'npm run fly'], read('.ci/run'))).toEqual(['npm run fly']);
  });

  it('names only scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Readonly<Record<string, string>> };
    const named = commands.flatMap((command) => /^npm run (?:-\S+ )*([\w-]+)/.exec(command)?.[1] ?? []);

    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });
});
