/** A crash on request: the process ends as by `kill -9`, the program that has started it starts it again, and nothing is lost. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CRASH_CODE } from '../../functions/crash.ts';
import type { LoadBody } from '../../functions/gateway/load-representation.ts';
import { type Part, parts } from '../../functions/start-store.ts';
import type { CrashBody } from '../../shared/runtime/worker/fault-representation.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { bodyOf, get, orderIn, orderOf, post, request } from './client.ts';
import { hostsAndThreads, TestStore } from './harness.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

function crash(store: TestStore, part: Part) {
  return request('POST', store.url(`/automation-testing/crash/${part}`));
}

describe.each(hostsAndThreads)('a crash of order in %s', (host) => {
  const isOne = host !== 'a process each';

  it('says what it takes and that nothing starts it again, ends the process with 86, and loses nothing', async () => {
    const store = await TestStore.start(host);
    await post(store.url('/orders'), orderOf('BEFORE'));

    const answer = await crash(store, 'order');
    const exit = await store.program('order').exit;
    const hasLockNote = existsSync(join(store.dataDir, 'order', 'order.db.lock.pid'));
    await store.start(isOne ? undefined : ['order']);
    await post(store.url('/orders'), orderOf('AFTER'));

    expect([answer.status, bodyOf<CrashBody>(answer)]).toEqual([
      202,
      { takes: isOne ? [...parts] : ['order'], restarts: false },
    ]);
    expect(exit).toEqual({ code: CRASH_CODE, signal: null });
    // What a stop removes is still there.
    expect(hasLockNote).toBe(true);
    expect(parts.filter((part) => store.program(part).hasEnded())).toEqual([]);
    await orderIn('confirmed', store.url('/orders/AFTER'));
    expect((await store.settle()).orders.byStatus).toEqual({ confirmed: 2 });
  });
});

it('a crash of a function in the second thread takes the whole process', async () => {
  const store = await TestStore.start('two threads');
  await post(store.url('/orders'), orderOf('BEFORE'));

  const answer = await crash(store, 'inventory');
  const exit = await store.program('gateway').exit;
  store.prove();
  await store.start();

  expect([answer.status, bodyOf<CrashBody>(answer).takes, exit.code]).toEqual([202, [...parts], CRASH_CODE]);
  await orderIn('confirmed', store.url('/orders/BEFORE'));
});

/** Runs `npm start`, or one of `npm run start-service-*`, without npm. It ends with the test. */
function launch(store: TestStore, ...args: readonly string[]): ChildProcess & { text: () => string } {
  const child = spawn(process.execPath, ['shared/tools/run.mjs', 'start', ...args], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '', HOST: '127.0.0.1', LOG_LEVEL: 'warn', ...store.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
  }
  const ended = new Promise((resolve) => child.once('exit', resolve));
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  return Object.assign(child, { text: () => text });
}

async function isReady(store: TestStore, part: Part): Promise<boolean> {
  try {
    return (await request('GET', store.url('/readyz', part))).status === 200;
  } catch {
    return false;
  }
}

function ready(store: TestStore, part: Part): Promise<void> {
  return waitUntil(() => isReady(store, part), { timeoutMs: 60_000, what: `${part} to be ready` });
}

/** How often the program that runs the store has said that it starts it again. */
function restarts(text: string): number {
  return text.split('it is started again').length - 1;
}

/** Sends the beginning of a request to order, and keeps the connection. */
async function openRequest(
  store: TestStore,
  line: string,
  rest: string,
): Promise<{ socket: Socket; text: () => string }> {
  const { hostname, port } = new URL(store.url('', 'order'));
  const socket = connect(Number(port), hostname).setEncoding('utf8');
  onTestFinished(() => void socket.destroy());
  let text = '';
  socket.on('data', (chunk: string) => {
    text += chunk;
  });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(`${line} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${rest}`);
  return { socket, text: () => text };
}

describe('a store that npm start has started', () => {
  it('is started again after each crash, in the middle of a load, and nothing is lost', async () => {
    const store = await TestStore.create('one process');
    const child = launch(store);
    await ready(store, 'gateway');

    const answers: CrashBody[] = [];
    for (const [n, part] of (['order', 'inventory'] as const).entries()) {
      await post(store.url('/automation-testing/load'), { ordersPerSecond: 50, forS: 30 });
      await waitUntil(async () => (await get<LoadBody>(store.url('/automation-testing/load'))).acknowledged > 20);
      answers.push(bodyOf<CrashBody>(await crash(store, part)));
      await waitUntil(() => restarts(child.text()) === n + 1, { what: 'the start after the crash' });
      await ready(store, 'gateway');
    }
    await post(store.url('/orders'), orderOf('AFTER'));
    await orderIn('confirmed', store.url('/orders/AFTER'));
    const ledger = await store.settle();

    expect(answers).toEqual(Array(2).fill({ takes: [...parts], restarts: true }));
    expect(Object.keys(ledger.orders.byStatus)).toEqual(['confirmed']);
    expect(ledger.orders.byStatus['confirmed']).toBeGreaterThan(40);
  });

  it('is not started again when it is told to stop, or cannot start', async () => {
    const store = await TestStore.create('one process');
    const child = launch(store);
    await ready(store, 'gateway');

    child.kill('SIGTERM');
    const code = await new Promise((resolve) => child.once('close', resolve));

    expect([code, restarts(child.text())]).toEqual([0, 0]);
  });

  it('is not started again when it crashes while it stops', async () => {
    const store = await TestStore.create('one process');
    const child = launch(store);
    await ready(store, 'gateway');
    // The stop waits for both: a request that crashes order once it is whole, and one whose body never comes.
    const crashing = await openRequest(store, 'POST /automation-testing/crash/order', '');
    const waiting = await openRequest(store, 'POST /orders', 'Content-Length: 9\r\nExpect: 100-continue\r\n\r\n');
    await waitUntil(() => waiting.text().includes('100 Continue'), { what: 'the store to have taken both' });

    const exit = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGTERM');
    await waitUntil(async () => !(await isReady(store, 'order')), { what: 'the stop to begin' });
    crashing.socket.write('\r\n');

    expect([await exit, restarts(child.text())]).toEqual([CRASH_CODE, 0]);
    expect(crashing.text()).toMatch(/^HTTP\/1\.1 202 /);
  });
});

it('a function that npm run start-service-* has started is started again alone', async () => {
  const store = await TestStore.create('a process each');
  const child = launch(store, 'order');
  await store.start(['gateway', 'inventory', 'notification']);
  await ready(store, 'order');
  await post(store.url('/orders'), orderOf('BEFORE'));

  const answer = bodyOf<CrashBody>(await crash(store, 'order'));
  await waitUntil(() => restarts(child.text()) === 1, { what: 'the start after the crash' });
  await ready(store, 'order');
  await post(store.url('/orders'), orderOf('AFTER'));

  expect(answer).toEqual({ takes: ['order'], restarts: true });
  await orderIn('confirmed', store.url('/orders/AFTER'));
  expect((await store.settle()).orders.byStatus).toEqual({ confirmed: 2 });
});
