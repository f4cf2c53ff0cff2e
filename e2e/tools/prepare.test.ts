import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { waitUntil } from './wait-until.ts';

const tool = new URL('../../shared/tools/prepare.mjs', import.meta.url).href;
const notes = new URL('../../shared/tools/process-note.mjs', import.meta.url).href;
const { ownNote } = (await import(notes)) as { ownNote(): string };
/** A program that notes that it runs, and does not end by itself. */
const HANGS = `require('node:fs').writeFileSync('runs', ''); setInterval(() => {}, 1000);`;

/** Runs a step of the preparation in a checkout with these files; what it prints, and its exit code, tell how it ended. */
function prepare(step: 'ensureInstalled' | 'ensureBuilt', files: Readonly<Record<string, string>>) {
  const root = mkdtempSync(join(tmpdir(), 'saga-store-prepare-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
    chmodSync(join(root, name), 0o755);
  }
  const script = `
    const { ${step} } = await import(${JSON.stringify(tool)});
    process.exitCode = (await ${step}(${JSON.stringify(root)}, process.env)) ? 0 : 1;`;
  const env = { ...process.env, PATH: [join(root, 'bin'), process.env['PATH']].join(delimiter) };
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { cwd: root, env });
  let said = '';
  for (const output of [child.stdout, child.stderr]) {
    output.on('data', (chunk) => {
      said += String(chunk);
    });
  }
  onTestFinished(() => {
    child.kill('SIGTERM');
    rmSync(root, { recursive: true, force: true });
  });
  return { root, child, said: () => said };
}

async function stopOnceRunning({ root, child }: { readonly root: string; readonly child: ChildProcess }) {
  const ended = once(child, 'close');
  await waitUntil(() => existsSync(join(root, 'runs')), { what: 'the program to run' });
  child.kill('SIGTERM');
  await ended;
}

describe.runIf(process.platform !== 'win32')('a preparation that is told to stop', () => {
  it('blames no registry and no compiler where packages are being installed', async () => {
    const npx = `#!${process.execPath}\n${HANGS}`;
    const preparation = prepare('ensureInstalled', {
      'package.json': '{ "dependencies": { "shop": "1.0.0" } }',
      'yarn.lock': '',
      'bin/npx': npx,
    });

    await stopOnceRunning(preparation);

    expect(preparation.child.exitCode).toBe(1);
    expect(preparation.said()).toMatch(/^installing packages …\ninstalling packages: stopped after \d+\.\d s\n$/);
    expect(existsSync(join(preparation.root, 'node_modules', '.saga-store-lock'))).toBe(false);
  });

  it('blames no source where the program is being built', async () => {
    const preparation = prepare('ensureBuilt', { 'node_modules/typescript/bin/tsc': HANGS });

    await stopOnceRunning(preparation);

    expect(preparation.child.exitCode).toBe(1);
    expect(preparation.said()).toMatch(/^building …\nbuilding: stopped after \d+\.\d s\n$/);
  });
});

describe('a preparation beside another one', () => {
  const hangsUnder = (lock: string) =>
    prepare('ensureBuilt', { 'node_modules/typescript/bin/tsc': HANGS, 'node_modules/.saga-store-lock': lock });

  it('waits for it, and says for whom', async () => {
    const { root, said } = hangsUnder(ownNote());

    await waitUntil(() => said() !== '', { what: 'it to say something' });
    expect(said()).toBe(`waiting for process ${process.pid}, which installs or builds …\n`);
    expect(existsSync(join(root, 'runs'))).toBe(false);
  });

  it.each([
    ['has the number of another process now', () => JSON.stringify({ pid: process.pid, started: 'before' })],
    ['has written only half', () => ownNote().slice(0, -5)],
    ['has written nothing', () => ''],
    ['was of a former release', () => '99999999'],
  ])('waits for none that has ended and %s', async (_, lock) => {
    const { root } = hangsUnder(lock());

    await waitUntil(() => existsSync(join(root, 'runs')), { what: 'the build' });
  });
});
