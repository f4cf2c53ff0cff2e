/** Starts that the machine does not let succeed: one sentence with the path or the setting and what to do, and no stack. */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parts } from '../../functions/start-store.ts';
import { type Exit, hosts, type Program, runStore, temporaryFolder } from './harness.ts';

const freePorts = Object.fromEntries(parts.map((part) => [`${part.toUpperCase()}_PORT`, '0']));
const TEXT = 'this is a text, and no database of any kind';
const UNPRIVILEGED_USER = 65_534;
const isRoot = process.getuid?.() === 0;

async function sentenceOf(program: Program): Promise<Exit & { readonly said: string }> {
  const exit = await program.exit;
  return { ...exit, said: program.stdout() + program.stderr() };
}

/** The only output, without a stack and without lines of the log. */
const refusal = (sentence: string) => ({ code: 1, signal: null, said: `saga-store: ${sentence}\n` });

function write(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, TEXT);
}

describe('a start is refused with one sentence', () => {
  it.each(['order', 'inventory', 'notification'])('where the database of %s is another file', async (name) => {
    const dataDir = temporaryFolder();
    const file = join(dataDir, name, `${name}.db`);
    write(file);

    const { code, said } = await sentenceOf(runStore([], { ...freePorts, DATA_DIR: dataDir }));

    expect(code).toBe(1);
    expect(said).toMatch(new RegExp(`^saga-store: ${file} is damaged \\(file is not a database\\)\\. [^\\n]+\\n$`));
  });

  it.each(hosts)('where a public topic is another file, a folder, or below a file, in %s', async (host) => {
    const parts = host !== 'a process each' ? [] : ['order'];
    const said = async (prepare: (topic: string) => void) => {
      const dataDir = temporaryFolder();
      const topic = join(dataDir, 'topics', 'order-commands.db');
      prepare(topic);
      const refused = await sentenceOf(runStore(parts, { ...freePorts, DATA_DIR: dataDir }));
      return { ...refused, said: refused.said.replaceAll(dataDir, '') };
    };

    expect((await said(write)).said).toMatch(
      /^saga-store: \/topics\/order-commands\.db is damaged \(file is not a database\)\. [^\n]+\n$/,
    );
    expect(await said((topic) => mkdirSync(topic, { recursive: true }))).toEqual(
      refusal('/topics/order-commands.db is a folder, and a file must be there: move it away'),
    );
    expect((await said((topic) => write(dirname(topic)))).said).toMatch(
      /^saga-store: DATA_DIR: [^\n]*\/topics is a file, and a folder must be there[^\n]+\n$/,
    );
  });

  it.each(['order', 'inventory', 'notification'])('where a file is the folder of %s', async (name) => {
    const dataDir = temporaryFolder();
    write(join(dataDir, name));

    expect(await sentenceOf(runStore([], { ...freePorts, DATA_DIR: dataDir }))).toEqual(
      refusal(
        `DATA_DIR: the data cannot be stored in ${join(dataDir, name)}: ${join(dataDir, name)} is a file, and a folder must be there: ` +
          'move it away, or name another folder',
      ),
    );
  });

  it.runIf(process.platform === 'linux').each(['/proc/x', '/sys/x'])(
    'where its file system takes no folder: %s',
    async (dataDir) => {
      const { said, ...exit } = await sentenceOf(runStore([], { ...freePorts, DATA_DIR: dataDir }));

      expect(exit).toEqual({ code: 1, signal: null });
      expect(said).toMatch(new RegExp(`^saga-store: DATA_DIR: [^\\n]*${dataDir}[^\\n]*\\(E[A-Z]+\\): [^\\n]+\\n$`));
      expect(said).not.toContain('mkdir');
    },
  );

  it.each([
    ['198.51.100.7', 'EADDRNOTAVAIL'],
    ['no-such-host.invalid', '(ENOTFOUND|EAI_AGAIN)'],
    ['fe80::1', '(EINVAL|EADDRNOTAVAIL|EAFNOSUPPORT)'],
  ])('that blames HOST where it is %s', async (host, code) => {
    const { said, ...exit } = await sentenceOf(runStore([], { ...freePorts, DATA_DIR: temporaryFolder(), HOST: host }));

    expect(exit).toEqual({ code: 1, signal: null });
    expect(said).toMatch(new RegExp(`^saga-store: HOST: cannot listen on ${host} \\(${code}\\): [^\\n]+\\n$`));
  });

  it('where better-sqlite3 was compiled for another Node', async () => {
    const hook = join(temporaryFolder(), 'hook.cjs');
    // What Node says of a native module of another version.
    writeFileSync(
      hook,
      `process.dlopen = () => { throw Object.assign(new Error("The module 'x.node'\\nwas compiled against a different ` +
        `Node.js version using\\nNODE_MODULE_VERSION 93. This version of Node.js requires\\nNODE_MODULE_VERSION 115."), ` +
        `{ code: 'ERR_DLOPEN_FAILED' }); };`,
    );
    const env = { ...freePorts, DATA_DIR: temporaryFolder(), NODE_OPTIONS: `--require ${hook}` };

    const { said, ...exit } = await sentenceOf(runStore([], env));

    expect(exit).toEqual({ code: 1, signal: null });
    expect(said).toMatch(
      /^saga-store: better-sqlite3 was compiled for another Node \(ABI 93\) than this Node [^\n]+\n$/,
    );
    expect(said).toContain('npm rebuild better-sqlite3');
  });

  it.runIf(process.platform !== 'win32').each([
    [
      'the folder may not be written',
      (dataDir: string) => chmodSync(dataDir, 0o555),
      /DATA_DIR: .* may not be written by/,
    ],
    [
      'the database may not be written',
      (dataDir: string) => {
        const file = join(dataDir, 'order', 'order.db');
        write(file);
        chmodSync(file, 0o444);
        // The folder belongs to the user of the store, and only the file does not.
        if (isRoot) chownSync(dirname(file), UNPRIVILEGED_USER, UNPRIVILEGED_USER);
      },
      /order\.db may not be read and written by/,
    ],
  ])('where %s', (_, prepare, sentence) => {
    const dataDir = temporaryFolder();
    chmodSync(dataDir, 0o755);
    if (isRoot) chownSync(dataDir, UNPRIVILEGED_USER, UNPRIVILEGED_USER);
    prepare(dataDir);

    const env = { PATH: process.env['PATH'], ...freePorts, DATA_DIR: dataDir };
    const user = isRoot ? { uid: UNPRIVILEGED_USER, gid: UNPRIVILEGED_USER } : {};
    const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/functions/main.js'], {
      env,
      ...user,
      encoding: 'utf8',
    });

    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(new RegExp(`^saga-store: [^\\n]*${sentence.source}[^\\n]+\\n$`));
  });
});
