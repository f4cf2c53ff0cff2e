/** Tools whose data cannot be used: one sentence with the reason and what to do, and no stack. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { afterAllTests, run, TestStore, temporaryFolder } from './harness.ts';

const UNPRIVILEGED_USER = 65_534;
const isRoot = process.getuid?.() === 0;
const atEnd = afterAllTests();
let dataDir = '';

beforeAll(async () => {
  const store = await TestStore.create('one process', {}, atEnd);
  await store.start();
  await store.stopAll();
  dataDir = store.dataDir;
});

const copyTo = (folder: string) => ['dist/e2e/tools/backup.js', join(folder, 'copy')] as const;

describe('a tool fails with one sentence', () => {
  it.each([
    ['prove', (_: string) => ['dist/e2e/prove/main.js']],
    ['backup', copyTo],
    ['produce', () => ['dist/e2e/tools/produce.js', 'order-commands', 'e2e/tools/place-order.json']],
  ])('where better-sqlite3 was compiled for another Node: %s', async (_, lineIn) => {
    const folder = temporaryFolder();
    const hook = join(folder, 'hook.cjs');
    // What Node says of a native module of another version.
    writeFileSync(
      hook,
      `process.dlopen = () => { throw Object.assign(new Error("The module 'x.node'\\nwas compiled against a different ` +
        `Node.js version using\\nNODE_MODULE_VERSION 93. This version of Node.js requires\\nNODE_MODULE_VERSION 115."), ` +
        `{ code: 'ERR_DLOPEN_FAILED' }); };`,
    );
    const [file = '', ...args] = lineIn(folder);
    const program = run(file, args, { DATA_DIR: dataDir, NODE_OPTIONS: `--require ${hook}` });

    expect(await program.exit).toEqual({ code: 1, signal: null });
    expect(program.stdout()).toBe('');
    expect(program.stderr()).toMatch(
      /^better-sqlite3 was compiled for another Node \(ABI 93\) than this Node [^\n]+npm rebuild better-sqlite3[^\n]+\n$/,
    );
    expect(readdirSync(folder)).toEqual(['hook.cjs']);
  });

  it.runIf(process.platform !== 'win32').each([
    ['prove', (_: string) => ['dist/e2e/prove/main.js']],
    ['backup', copyTo],
  ])('where the data may be read and not written: %s', (_, lineIn) => {
    const folder = temporaryFolder();
    const out = join(folder, 'out');
    mkdirSync(out);
    for (const each of [folder, out]) chmodSync(each, 0o777);
    const closed = ['inventory', 'notification', 'order'].map((name) => join(dataDir, name));
    for (const each of closed) chmodSync(each, 0o555);
    chmodSync(dataDir, 0o555);
    const env = { PATH: process.env['PATH'], DATA_DIR: dataDir };
    const user = isRoot ? { uid: UNPRIVILEGED_USER, gid: UNPRIVILEGED_USER } : {};

    const { status, stdout, stderr } = spawnSync(process.execPath, lineIn(out), { env, ...user, encoding: 'utf8' });

    for (const each of [dataDir, ...closed]) chmodSync(each, 0o755);
    expect([status, stdout, readdirSync(out)]).toEqual([1, '', []]);
    expect(stderr).toMatch(/^[^\n]*may not be written by this user[^\n]*, or use a copy of the data folder[^\n]*\n$/);
  });
});
