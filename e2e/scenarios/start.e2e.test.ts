/** The start: ports open when everything behind them works, and a start that fails or is stopped leaves nothing open. */
import { existsSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Part, parts } from '../../functions/start-store.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { orderOf, post, request } from './client.ts';
import { type Env, type Host, hostsAndThreads, isOnKafka, TestStore, temporaryFolder } from './harness.ts';

const functions = ['order', 'inventory', 'notification'] as const;

function accepts(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Looks again and again without a pause, so that not a millisecond of the start is missed. */
async function untilAccepted(store: TestStore, part: Part): Promise<void> {
  while (!(await accepts(store.url('', part)))) {
    if (store.program(part).hasEnded()) throw new Error(`${part} ended: ${store.program(part).stderr()}`);
  }
}

async function openPorts(store: TestStore): Promise<readonly Part[]> {
  const open = await Promise.all(parts.map(async (part) => ((await accepts(store.url('', part))) ? part : null)));
  return open.filter((part) => part !== null);
}

const oneProcess: readonly Host[] = hostsAndThreads.filter((host) => host !== 'a process each');

describe.each(oneProcess)('as soon as the gateway of a store in %s accepts a connection', (host) => {
  // On Kafka a function takes commands before it has joined its group, and only then it is ready.
  it.runIf(!isOnKafka).each(functions)('%s is ready', async (part) => {
    const store = await TestStore.create(host);
    store.launch();
    await untilAccepted(store, 'gateway');

    expect((await request('GET', store.url('/readyz', part))).status).toBe(200);
  });

  it('the example data can be added at inventory, and an order comes to its end', async () => {
    const store = await TestStore.create(host);
    store.launch();
    await untilAccepted(store, 'gateway');

    expect((await request('POST', store.url('/automation-testing/seed', 'inventory'))).status).toBe(200);
    const answer = await post(store.url('/orders'), orderOf('FIRST'), { headers: { prefer: 'wait=20' } });
    expect(answer.status).toBe(200);
  });
});

it.each(oneProcess)('the gateway is the last port to open, in %s', async (host) => {
  const store = await TestStore.create(host);
  store.launch();
  for (;;) {
    // The gateway first: what opens between the two looks does no harm.
    const isGatewayOpen = await accepts(store.url('', 'gateway'));
    const open = await openPorts(store);
    if (isGatewayOpen) expect(open).toEqual(parts);
    if (isGatewayOpen) break;
  }
});

describe.each(oneProcess)('a start that fails, in %s,', (host) => {
  it.each(parts)('because the port of %s is taken ends with code 1 and leaves nothing open', async (part) => {
    const store = await TestStore.create(host);
    const holder = createServer((socket) => socket.destroy()).listen(
      Number(new URL(store.url('', part)).port),
      '127.0.0.1',
    );
    onTestFinished(() => void holder.close());

    store.launch();

    expect(await store.program(part).exit).toEqual({ code: 1, signal: null });
    expect(store.program(part).stderr()).toMatch(new RegExp(`^saga-store: ${part.toUpperCase()}_PORT: .*in use.*\\n$`));
    expect(store.program(part).stdout()).toBe('');
    expect(await openPorts(store)).toEqual([part]);
    await new Promise((resolve) => holder.close(resolve));
    await store.start();
  });

  it.each(functions)('because another process runs %s ends with code 1 and leaves nothing open', async (part) => {
    const holder = await TestStore.create('a process each');
    await holder.start([part]);
    const store = await TestStore.create(host, { DATA_DIR: holder.dataDir });

    store.launch();

    expect(await store.program(part).exit).toEqual({ code: 1, signal: null });
    expect(store.program(part).stderr()).toMatch(/^saga-store: another process already runs .*\n$/);
    expect(await openPorts(store)).toEqual([]);
    await holder.stop(part);
    await store.start();
  });
});

/** Lets a process send itself a signal as soon as it has made a file, however slow this one is. */
function signalAt(file: string, signal: string): Env {
  const hook = join(temporaryFolder(), 'hook.cjs');
  writeFileSync(
    hook,
    `const { existsSync } = require('node:fs');
    const timer = setInterval(() => {
      if (!existsSync(${JSON.stringify(file)})) return;
      clearInterval(timer);
      process.kill(process.pid, ${JSON.stringify(signal)});
    }, 1);`,
  );
  return { NODE_OPTIONS: `--require ${hook}` };
}

describe('a start that is told to stop', () => {
  /** Moments of a first start, by the first file of each step. */
  const moments = [
    'order/order.db.lock',
    'order/order.db-wal',
    'inventory/inventory.db.lock',
    'inventory/inventory.db-wal',
    'notification/notification.db.lock',
    'notification/notification.db-wal',
  ];
  const codes = { SIGTERM: 143, SIGINT: 130, SIGHUP: 129 } as const;

  it.each(hostsAndThreads.flatMap((host) => moments.map((moment) => [host, moment] as const)))(
    'in %s, when %s is there, ends in order and leaves nothing open',
    async (host, moment) => {
      const store = await TestStore.create(host);
      const part = host !== 'a process each' ? 'gateway' : (moment.split('/')[0] as Part);
      store.launch(host !== 'a process each' ? parts : [part]);
      const program = store.program(part);
      while (!existsSync(join(store.dataDir, moment))) await new Promise((resolve) => setImmediate(resolve));
      program.signal('SIGTERM');

      const { code, signal } = await program.exit;

      // The start may have ended before the signal came.
      expect([signal, program.stdout().includes('is up') ? code : code === codes.SIGTERM]).toEqual([
        null,
        program.stdout().includes('is up') ? 0 : true,
      ]);
      if (code !== 0) expect(program.stderr()).toMatch(/^saga-store: stopped by SIGTERM during the start.*\n$/);
      expect(await openPorts(store)).toEqual([]);
      await store.start(host !== 'a process each' ? parts : [part]);
    },
  );

  it.each(Object.entries(codes))('by %s ends with code %i', async (signal, code) => {
    const dataDir = temporaryFolder();
    const lock = join(dataDir, 'order/order.db.lock');
    const store = await TestStore.create('one process', { DATA_DIR: dataDir, ...signalAt(lock, signal) });
    store.launch();

    expect(await store.program('gateway').exit).toEqual({ code, signal: null });
  });

  it('while it waits for a broker that does not answer says so as well', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    const asked = new Promise((resolve) => silent.once('connection', resolve));
    onTestFinished(() => void silent.close());
    await new Promise((resolve) => silent.once('listening', resolve));
    const { port } = silent.address() as AddressInfo;
    const store = await TestStore.create('one process', { LOG: 'kafka', KAFKA_BROKERS: `127.0.0.1:${port}` });
    store.launch();
    await asked;
    const program = store.program('gateway');
    program.signal('SIGTERM');

    expect(await program.exit).toEqual({ code: codes.SIGTERM, signal: null });
    expect(program.stderr()).toMatch(/^saga-store: stopped by SIGTERM during the start.*\n$/);
  });

  it('after it was up, by SIGHUP, ends with code 0', async () => {
    const store = await TestStore.create('one process');
    await store.start();

    store.program('gateway').signal('SIGHUP');

    expect(await store.program('gateway').exit).toEqual({ code: 0, signal: null });
    await waitUntil(async () => (await openPorts(store)).length === 0);
  });
});
