/** Every tool as a real process: what it says of its command line, of a store that is not there, and of foreign text. */
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePorts } from '../tools/free-ports.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { type Env, run, TestStore, temporaryFolder } from './harness.ts';

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function ended(file: string, args: readonly string[], env: Env = {}): Promise<Ended> {
  const program = run(file, args, { DATA_DIR: '/nowhere', ...env });
  const { code } = await program.exit;
  return { code, stdout: program.stdout(), stderr: program.stderr() };
}

const tool = (name: string) => `dist/e2e/tools/${name}.js`;

/** Each program, a command line of it that is right, and some that are wrong. */
const tools: readonly (readonly [file: string, right: readonly string[], wrong: readonly (readonly string[])[]])[] = [
  [tool('automation'), ['seed'], [[], ['steal']]],
  [tool('post-order'), ['1'], [[], ['3']]],
  [tool('produce'), ['order-commands', '-'], [[], ['order-commands'], ['no-topic', '-']]],
  [tool('why'), ['ORDER_001'], [[], [''], ['..']]],
  [tool('backup'), ['copy'], [[], [''], [' ']]],
  [
    tool('dead-letters'),
    ['list'],
    [
      [],
      ['burn'],
      ['show'],
      ['show', '.'],
      ['edit', 'x'],
      ['replay'],
      ['discard', 'x', '--yes'],
      ['list', '--limit', 'abc'],
      ['list', '--limit', '0'],
      ['list', '--function', 'cook'],
      ['replay', '--all', '--per-second', '-1'],
      ['replay', '--all', '--per-second', 'abc'],
      ['replay', 'x', '--all'],
      ['list', '--groups', '--all'],
    ],
  ],
  [
    tool('notices'),
    ['list'],
    [
      [],
      ['burn'],
      ['show'],
      ['send-again'],
      ['send-again', '..', '--yes', '--reason', 'x'],
      ['list', '--limit', '1.5'],
      ['list', '--limit', '-1'],
      ['list', '--order'],
    ],
  ],
  ['dist/e2e/prove/main.js', [], []],
  ['dist/e2e/bench/main.js', ['--quick'], [['--only', 'theirs'], ['--only'], ['--log', 'paper'], ['--log']]],
  [
    'dist/e2e/chaos/main.js',
    ['--minutes', '1'],
    [['--minutes', 'abc'], ['--minutes'], ['--rate', '-1'], ['--seed', 'x'], ['--faults', 'flood'], ['--only', '']],
  ],
  ['shared/tools/run.mjs', ['build'], [['steal'], ['tool'], ['tool', 'dist/none.js'], ['format', '--fast']]],
];

describe.each(tools)('%s', (file, right, wrong) => {
  it('explains itself with --help', async () => {
    const { code, stdout, stderr } = await ended(file, ['--help']);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: /);
  });

  const refused: readonly (readonly [what: string, args: readonly string[]])[] = [
    ['an unknown option', [...right, '--no-such-option']],
    ['a surplus argument', [...right, 'surplus']],
    ...wrong.map((args): [string, readonly string[]] => [args.join(' ') || 'no argument', args]),
  ];
  it.each(refused)('refuses %s with exit code 2 and the reason', async (_, args) => {
    const { code, stdout, stderr } = await ended(file, args);

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).not.toBe('');
    expect(stderr).not.toMatch(/^ +at /m);
  });
});

/** Tools that talk to a store, with a right command line. */
const clients: readonly (readonly [name: string, args: readonly string[]])[] = [
  ['automation', ['seed']],
  ['automation', ['drop', '--json']],
  ['post-order', ['1']],
  ['why', ['ORDER_001']],
  ['why', ['ORDER_001', '--json']],
  ['dead-letters', ['list']],
  ['dead-letters', ['list', '--groups']],
  ['dead-letters', ['show', 'x']],
  ['dead-letters', ['replay', '--all']],
  ['notices', ['list']],
  ['notices', ['send-again', '--all-failed']],
];

async function serverAt(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A failure that its sentence explains. */
function expectFailure({ code, stdout, stderr }: Ended, sentence: RegExp): void {
  expect({ code, stdout }, stderr).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(sentence);
  expect(stderr).not.toMatch(/^ +at |node:internal/m);
}

describe.each(clients)('%s %s', (name, args) => {
  it('says where it looked when no store runs', async () => {
    const [port = 0] = await freePorts(1);
    const env = { GATEWAY_PORT: String(port), INVENTORY_PORT: String(port) };

    expectFailure(await ended(tool(name), args, env), new RegExp(`:${port} does not answer .*_URL or \\w+_PORT`));
  });

  it.each(['nonsense', 'ftp://127.0.0.1', 'http://user:secret@127.0.0.1'])(
    'names the setting of the address %s',
    async (url) => {
      const failed = await ended(tool(name), args, { GATEWAY_URL: url, INVENTORY_URL: url });

      expectFailure(failed, /^(?:GATEWAY|INVENTORY)_URL: must /);
      expect(failed.stderr).not.toContain('secret');
    },
  );

  it.each(['<html>\u001b[31m</html>', '[]', '7', ''])(
    'says that the answer %j is not that of a store',
    async (body) => {
      const url = await serverAt((_, response) => response.end(body));

      const failed = await ended(tool(name), args, { GATEWAY_URL: url, INVENTORY_URL: url });
      expectFailure(failed, /^The answer 200 is /);
      expect(failed.stderr).toMatch(/^[ -~\n]*$/);
    },
  );
});

it.each([
  ['a missing file', ['order-commands', '/nowhere/events.json'], /cannot be read: ENOENT/],
  ['a file that is no JSON', ['order-commands', 'README.md'], /^This is not JSON/],
  ['a folder', ['order-commands', 'docs'], /cannot be read: EISDIR/],
])('produce says what is wrong with %s', async (_, args, sentence) => {
  expectFailure(await ended(tool('produce'), args, { DATA_DIR: temporaryFolder() }), sentence);
});

it.each([
  ['is a file', (folder: string) => writeFileSync(join(folder, 'data'), '')],
  ['is empty', (folder: string) => mkdirSync(join(folder, 'data'))],
  [
    'has no databases',
    (folder: string) => {
      mkdirSync(join(folder, 'data', 'order'), { recursive: true });
      writeFileSync(join(folder, 'data', 'order', 'order.db'), 'this is no database at all');
    },
  ],
])('prove says so when the data folder %s', async (_, make) => {
  const folder = temporaryFolder();
  make(folder);

  const { code, stdout, stderr } = await ended('dist/e2e/prove/main.js', [], { DATA_DIR: join(folder, 'data') });

  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('DATA_DIR');
  expect(stderr.trim().split('\n')).toHaveLength(1);
});

it.each([
  ['dist/e2e/bench/main.js', ['--quick', '--only', 'ours']],
  ['dist/e2e/chaos/main.js', ['--minutes', '0.1']],
  ['dist/e2e/prove/main.js', []],
])('%s says so when there is no temporary folder, and explains itself without one', async (file, args) => {
  const env = { TMPDIR: '/nowhere', DATA_DIR: temporaryFolder() };

  expectFailure(await ended(file, args, env), /^ENOENT: no such file or directory, mkdtemp '\/nowhere\/[^\n]+\n$/);
  expect(await ended(file, ['--help'], env)).toMatchObject({ code: 0, stderr: '' });
});

/** Control characters, without those that end a line. */
const CONTROLS = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const hostile = 'X\u001b[31m\u001b]0;x\u0007\u009b2J\u007f\u202e\u2066\u2028\u200b\u061c';

function expectHarmless(text: string): void {
  expect(text.replaceAll('\n', '')).not.toMatch(CONTROLS);
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThan(20_000);
}

describe('foreign text', () => {
  it('is shown escaped and cut by every tool, and in the log of the store', async () => {
    const store = await TestStore.start('one process');
    const long = 'y'.repeat(200);
    const event = { id: `${hostile}1`, source: `/${hostile}`, type: `P${hostile}`, subject: `O${hostile}${long}` };
    const file = join(temporaryFolder(), 'events.json');
    writeFileSync(file, JSON.stringify([{ ...event, data: { [hostile]: hostile } }]));
    expect((await ended(tool('produce'), ['order-commands', file], store.env)).code).toBe(0);
    const list = () => ended(tool('dead-letters'), ['list'], store.env);
    await waitUntil(async () => !(await list()).stdout.includes('No dead letters'));

    const listed = await list();
    expectHarmless(listed.stdout);
    expect(listed.stdout).toContain(
      'PX\\u001b[31m\\u001b]0;x\\u0007\\u009b2J\\u007f\\u202e\\u2066\\u2028\\u200b\\u061c',
    );
    expect(listed.stdout).toMatch(/y… \(\d+ characters\)/);

    const json = await ended(tool('dead-letters'), ['list', '--json'], store.env);
    expectHarmless(json.stdout);
    const [letter] = (JSON.parse(json.stdout) as { letters: { letter: string; attributes: object }[] }).letters;
    expect(letter?.attributes).toMatchObject(event);

    for (const args of [
      ['show'],
      ['show', '--json'],
      ['replay'],
      ['discard'],
      ['edit', '--data', JSON.stringify(hostile)],
    ]) {
      const [action = '', ...options] = args;
      const { stdout, stderr } = await ended(
        tool('dead-letters'),
        [action, letter?.letter ?? '', ...options],
        store.env,
      );
      expect(stdout + stderr).not.toBe('');
      expectHarmless(stdout + stderr);
    }
    for (const args of [
      [tool('why'), hostile],
      ['dist/e2e/prove/main.js'],
      [tool('dead-letters'), 'list', '--groups'],
    ]) {
      const [program = '', ...rest] = args;
      const { stdout, stderr } = await ended(program, rest, store.env);
      expectHarmless(stdout + stderr);
    }
    await store.stopAll();
    expectHarmless(store.program('order').stdout());
    expect(store.program('order').stdout()).toContain('dead-lettered');
  });

  it.each(['post-order', 'why', 'notices', 'automation', 'dead-letters'])(
    'in an error of the store is shown escaped by %s',
    async (name) => {
      const detail = `${hostile}${'z'.repeat(100_000)}`;
      const problem = { code: hostile, title: hostile, detail, errors: [{ pointer: `/${hostile}`, detail }] };
      const url = await serverAt((_, response) => {
        response.statusCode = 422;
        response.end(JSON.stringify(problem));
      });
      const args = clients.find(([client]) => client === name)?.[1] ?? [];

      const failed = await ended(tool(name), args, { GATEWAY_URL: url, INVENTORY_URL: url });

      expectFailure(failed, /^The store answers 422 X\\u001b\[31m/);
      expectHarmless(failed.stderr);
      expect(failed.stderr).toMatch(/z… \(\d+ characters\)/);
    },
  );

  it('on the command line is shown escaped, too', async () => {
    for (const [file] of tools) {
      const { code, stderr } = await ended(file, [`--${hostile}`]);
      expect(code).toBe(2);
      expectHarmless(stderr);
    }
  });
});
