/** What the programs do when what they print cannot be written: a full disk, a reader that has gone, or reads nothing. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
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
const freeChoice = { ORDER_PORT: '0', INVENTORY_PORT: '0', NOTIFICATION_PORT: '0' };
const order = { orderId: 'A', customerId: 'C', items: [{ productId: 'LAMP', quantity: 1, price: 1 }] };
const linux = describe.runIf(process.platform === 'linux');

/** Starts a program of `dist/` with an output that takes nothing. */
function start(args: readonly string[], output: (typeof outputs)[number], settings: Env = {}): Started {
  const full = openSync('/dev/full', 'w');
  const started = startWith(args, output === 'on a full disk' ? full : 'pipe', settings);
  closeSync(full);
  started.child.stdout?.destroy();
  return started;
}

function startWith(args: readonly string[], stdout: number | 'pipe', settings: Env): Started {
  const env = { PATH: process.env['PATH'] ?? '', ...logSettingsFor(settings['DATA_DIR']), ...settings };
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ['ignore', stdout, 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let stderr = '';
  child.stderr?.on('data', (chunk) => {
    stderr += String(chunk);
  });
  return { child, ended: once(child, 'close').then(([code]) => ({ code, stderr })) };
}

/** A pipe that is open for reading and never read; `fill` leaves no room in it. */
function unreadPipe(): { readonly descriptor: number; readonly fill: () => void } {
  const path = join(temporaryFolder(), 'pipe');
  spawnSync('mkfifo', [path]);
  const descriptor = openSync(path, constants.O_RDWR);
  const own = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  onTestFinished(() => {
    closeSync(descriptor);
    closeSync(own);
  });
  const fill = () => {
    for (const size of [4_096, 1]) {
      try {
        for (;;) writeSync(own, '.'.repeat(size));
      } catch {
        // It is full.
      }
    }
  };
  return { descriptor, fill };
}

linux('an output that is not read', () => {
  it.each(['1', '2'])('keeps no store from ending, with %s threads', async (threads) => {
    const [gateway = 0] = await freePorts(1);
    const settings = { GATEWAY_PORT: String(gateway), THREADS: threads, DATA_DIR: temporaryFolder(), ...freeChoice };
    const { descriptor, fill } = unreadPipe();
    const { child, ended } = startWith(['dist/functions/main.js'], descriptor, settings);
    const url = `http://127.0.0.1:${gateway}`;
    await waitUntil(async () => (await fetch(`${url}/readyz`)).ok);

    fill();
    const headers = { 'content-type': 'application/json', prefer: 'wait=20' };
    const placed = await fetch(`${url}/orders`, { method: 'POST', headers, body: JSON.stringify(order) });
    const notices = () => fetch(`${url}/notifications?orderId=A&status=sent`).then((answer) => answer.json());
    await waitUntil(async () => ((await notices()) as { notifications: unknown[] }).notifications.length === 2);
    child.kill('SIGTERM');

    expect(await placed.json()).toMatchObject({ status: 'rejected' });
    expect(await ended).toEqual({ code: 0, stderr: '' });
  });
});

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
    const settings = { GATEWAY_PORT: String(gateway), THREADS: threads, DATA_DIR: temporaryFolder() };
    const { child, ended } = start(['dist/functions/main.js'], output, { ...freeChoice, ...settings });
    const url = `http://127.0.0.1:${gateway}`;
    await waitUntil(async () => (await fetch(`${url}/readyz`)).ok);

    const headers = { 'content-type': 'application/json', prefer: 'wait=20' };
    const placed = await fetch(`${url}/orders`, { method: 'POST', headers, body: JSON.stringify(order) });
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
