/** How the tools end when their reader has seen enough, and when they are interrupted. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { waitUntil } from '../tools/wait-until.ts';
import { run, TestStore, temporaryFolder } from './harness.ts';

describe('a reader that closes its end', () => {
  it.each([
    ['dist/e2e/prove/main.js', []],
    ['dist/e2e/tools/dead-letters.js', ['--help']],
    ['dist/e2e/tools/why.js', ['PRODUCT_001', '--json']],
  ])('ends %s without an error', async (file, args) => {
    const store = await TestStore.start('one process');
    const root = fileURLToPath(new URL('../../', import.meta.url));
    const env = { PATH: process.env['PATH'] ?? '', ...store.env };
    const child = spawn(process.execPath, [file, ...args], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += String(chunk);
    });
    const [code] = (await once(child, 'close')) as [number | null];

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

describe('Ctrl-C', () => {
  it('leaves no process of the bench, and none of its data', async () => {
    const folder = temporaryFolder();
    const program = run('dist/e2e/bench/main.js', ['--quick', '--only', 'ours'], { TMPDIR: folder });
    const dataDirs = () => runningIn(folder);
    await waitUntil(() => dataDirs().length > 0, { what: 'the bench to start a store' });

    program.signal('SIGINT');

    expect((await program.exit).code).toBe(130);
    await waitUntil(() => dataDirs().length === 0, { what: 'its store to be gone' });
    expect(readdirSync(folder)).toEqual([]);
  });
});

/** The processes whose data are below a folder; Linux alone says so. */
function runningIn(folder: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
      } catch {
        return false;
      }
    });
}
