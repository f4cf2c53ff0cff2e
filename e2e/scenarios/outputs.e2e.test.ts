/** What the programs do when what they print cannot be written: a full disk, a reader that has gone. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePorts } from '../tools/free-ports.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { type Env, logSettingsFor, temporaryFolder } from './harness.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

interface Started {
  readonly child: ChildProcess;
  /** The exit code and what was said on standard error. */
  readonly ended: Promise<{ readonly code: number | null; readonly stderr: string }>;
}

const outputs = ['on a full disk', 'whose reader has gone'] as const;
const linux = describe.runIf(process.platform === 'linux');

/** Starts a program of `dist/` with an output that takes nothing. */
function start(args: readonly string[], output: (typeof outputs)[number], settings: Env = {}): Started {
  const full = openSync('/dev/full', 'w');
  const env = { PATH: process.env['PATH'] ?? '', ...logSettingsFor(settings['DATA_DIR']), ...settings };
  const stdout = output === 'on a full disk' ? full : 'pipe';
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ['ignore', stdout, 'pipe'] });
  closeSync(full);
  child.stdout?.destroy();
  onTestFinished(() => void child.kill('SIGKILL'));
  let stderr = '';
  child.stderr?.on('data', (chunk) => {
    stderr += String(chunk);
  });
  return { child, ended: once(child, 'close').then(([code]) => ({ code, stderr })) };
}

linux.each(outputs)('an output %s', (output) => {
  it.each([
    ['dist/functions/main.js', '--help'],
    ['dist/e2e/bench/main.js', '--help'],
    ['dist/e2e/chaos/main.js', '--help'],
    ['dist/e2e/tools/backup.js', '--help'],
    ['dist/e2e/prove/main.js', '--help'],
    ['shared/tools/run.mjs', '--help'],
    ['shared/tools/start-kafka-broker.mjs', '--help'],
  ])('is a failure of %s %s only where the text is wanted', async (...args) => {
    const { code, stderr } = await start(args, output).ended;

    if (output === 'whose reader has gone') expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    else expect(stderr).toMatch(/^(?:saga-store: the|The) output cannot be written: ENOSPC: [^\n]+\n$/);
    expect(code).toBe(output === 'on a full disk' ? 1 : 0);
  });

  it.each(['1', '2'])('stops no store, with %s threads', async (threads) => {
    const [gateway = 0] = await freePorts(1);
    const freeChoice = { ORDER_PORT: '0', INVENTORY_PORT: '0', NOTIFICATION_PORT: '0' };
    const settings = { GATEWAY_PORT: String(gateway), THREADS: threads, DATA_DIR: temporaryFolder() };
    const { child, ended } = start(['dist/functions/main.js'], output, { ...freeChoice, ...settings });
    const url = `http://127.0.0.1:${gateway}`;
    await waitUntil(async () => (await fetch(`${url}/readyz`)).ok);

    const body = { orderId: 'A', customerId: 'C', items: [{ productId: 'LAMP', quantity: 1, price: 1 }] };
    const headers = { 'content-type': 'application/json', prefer: 'wait=20' };
    const placed = await fetch(`${url}/orders`, { method: 'POST', headers, body: JSON.stringify(body) });
    child.kill('SIGTERM');

    expect(await placed.json()).toMatchObject({ status: 'rejected' });
    const { code, stderr } = await ended;
    expect(code).toBe(0);
    const sentence =
      'saga-store: the log cannot be written: ENOSPC: no space left on device, write; the store runs without it\n';
    expect(stderr.replaceAll(sentence, '')).toBe('');
    expect(stderr.includes(sentence)).toBe(output === 'on a full disk');
  });
});
