import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { waitUntil } from './wait-until.ts';

type Found = { readonly parent: number; readonly session?: string; readonly words: readonly string[] };

interface Starter {
  processAt(pid: number): Found | null;
  isOrphan(
    pid: number,
    look: (pid: number) => Found | null,
    own: { readonly script: string; readonly session?: string },
  ): boolean;
  chainOf(
    pid: number,
    look: (pid: number) => { readonly parent: number; readonly words: readonly string[] } | null,
  ): readonly number[];
}

// It runs before there is a compiler, so it has no types of its own.
const tool = new URL('../../shared/tools/starter.mjs', import.meta.url).href;
const { chainOf, isOrphan, processAt } = (await import(tool)) as Starter;

/** A table of processes, the outermost first; their numbers are 10, 11, …, and the last one runs the command. */
function chainIn(...lines: readonly string[]): readonly string[] {
  const first = 10;
  const table = lines.map((line, n) => ({ parent: n === 0 ? 1 : first + n - 1, words: line.split(' ') }));
  return chainOf(first + lines.length - 1, (pid) => table[pid - first] ?? null).map((pid) => lines[pid - first] ?? '');
}

describe('the processes over which a package manager runs a command', () => {
  it.each([
    ['npm itself', ['-bash', 'npm start'], ['npm start']],
    [
      'npm and its shell',
      ['-bash', 'npm start', 'sh -c node run.mjs start'],
      ['sh -c node run.mjs start', 'npm start'],
    ],
    [
      'npm by its file',
      ['zsh', 'node /usr/lib/node_modules/npm/bin/npm-cli.js start'],
      ['node /usr/lib/node_modules/npm/bin/npm-cli.js start'],
    ],
    [
      'yarn in npx',
      ['bash', 'npm exec yarn start', 'sh -c yarn start', 'node /x/.bin/yarn start'],
      ['node /x/.bin/yarn start', 'sh -c yarn start', 'npm exec yarn start'],
    ],
    [
      'a release of yarn',
      ['sh', 'node --x .yarn/releases/yarn-4.18.1.cjs start'],
      ['node --x .yarn/releases/yarn-4.18.1.cjs start'],
    ],
  ])('are %s', (_, lines, expected) => {
    expect(chainIn(...lines)).toEqual(expected);
  });

  it.each([
    ['a shell', ['login', '-bash']],
    ['a script', ['bash', 'bash -c ./deploy.sh', 'bash ./deploy.sh']],
    ['another program', ['systemd', 'node server.js']],
    ['a shell without a package manager above it', ['sshd', 'sh -c node run.mjs start']],
  ])('are none where it is run by %s', (_, lines) => {
    expect(chainIn(...lines)).toEqual([]);
  });

  it('end where a program is between that is no shell of theirs', () => {
    expect(chainIn('npm test', 'node vitest.mjs', 'npm start')).toEqual(['npm start']);
  });
});

describe.runIf(process.platform === 'linux')('a process', () => {
  /** A program that never collects the child whose number it prints. */
  const spawnNeglectful = async (child: string) => {
    const parent = spawn('sh', ['-c', `${child} & echo $!; exec sleep 60`], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [text] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(text);
    onTestFinished(() => {
      if (processAt(pid)?.parent === parent.pid) process.kill(pid, 'SIGKILL');
      parent.kill('SIGKILL');
    });
    return { pid, parent: parent.pid };
  };

  it('is seen with its parent and its command line', async () => {
    const { pid, parent } = await spawnNeglectful('sleep 60');

    await waitUntil(() => processAt(pid)?.words.join(' ') === 'sleep 60', { what: 'the child to be its own program' });
    expect(processAt(pid)?.parent).toBe(parent);
  });

  it('is gone once it has ended, though nobody has collected it', async () => {
    // A shell would collect it, so it ends once its parent is another program.
    const { pid } = await spawnNeglectful('until grep -q sleep /proc/$$/comm; do :; done');

    await waitUntil(() => processAt(pid) === null, { what: 'the child to end' });
    expect(() => process.kill(pid, 0)).not.toThrow();
  });
});

describe('a script that a package manager runs, without one above it', () => {
  const own = { script: 'start', session: '20' };
  /** Whether it is an orphan below these processes, of which the outermost is the first process of the machine. */
  const isOne = (...lines: readonly (readonly [line: string, session?: string])[]) => {
    const table = lines.map(([line, session = '20'], n) => ({ parent: n, session, words: line.split(' ') }));
    return isOrphan(lines.length, (pid) => table[pid - 1] ?? null, own);
  };

  it.each([
    ['where the first process took it', [['/sbin/init', '1']]],
    ['where the first process took its shell', [['/sbin/init', '1'], ['sh -c node run.mjs start']]],
    [
      'where a process of another session took it',
      [
        ['/sbin/init', '1'],
        ['systemd --user', '7'],
      ],
    ],
  ] as const)('is an orphan %s', (_, lines) => {
    expect(isOne(...lines)).toBe(true);
  });

  it('is an orphan where its parent has ended meanwhile', () => {
    expect(isOrphan(7, () => null, own)).toBe(true);
  });

  it.each([
    ['the first process', [['npm start']]],
    ['a shell as the first process', [['sh -c npm start']]],
    ['a package manager that is not known', [['/sbin/init', '1'], ['bun run start']]],
    ['a tool that runs scripts, in a shell', [['/sbin/init', '1'], ['runner x'], ['sh -c node run.mjs start']]],
  ] as const)('is none below %s', (_, lines) => {
    expect(isOne(...lines)).toBe(false);
  });
});
