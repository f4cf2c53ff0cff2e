/** Processes start, refuse to start, and end. */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { functionNames } from '../../saga/choreography.ts';
import { freePorts } from '../tools/free-ports.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { oneConnection, orderOf, post, postSample, request, sendRaw } from './client.ts';
import { hosts, runStore, TestStore, temporaryFolder } from './harness.ts';

const freeChoice = { GATEWAY_PORT: '0', ORDER_PORT: '0', INVENTORY_PORT: '0', NOTIFICATION_PORT: '0' };

describe('a second process', () => {
  it.each(functionNames)('of %s on the same data reports the first one and exits', async (part) => {
    const store = await TestStore.create('a process each');
    await store.start([part]);

    const second = runStore([part], { ...store.env, ...freeChoice });

    expect(await second.exit).toEqual({ code: 1, signal: null });
    const { pid } = store.program(part);
    const lock = join(store.dataDir, part, `${part}.db.lock`);
    expect(second.stderr()).toBe(
      `saga-store: another process already runs ${part} on this data (process ${pid} holds ${lock}); ` +
        `stop it first: kill ${pid}\n`,
    );
    expect((await request('GET', store.url('/readyz', part))).status).toBe(200);
  });

  it('is refused while the first is frozen, and starts once the first has ended', async () => {
    const store = await TestStore.create('a process each');
    await store.start(['order']);
    const first = store.program('order');
    first.signal('SIGSTOP');

    const second = runStore(['order'], { ...store.env, ...freeChoice });
    expect((await second.exit).code).toBe(1);
    expect(second.stderr()).toContain(`process ${first.pid}, which is frozen,`);
    first.signal('SIGKILL');
    await first.exit;
    await store.start(['order']);

    expect(store.program('order').hasEnded()).toBe(false);
  });
});

describe.each(hosts)('a store in %s', (host) => {
  it('exits with code 0 on SIGTERM after answering the requests it accepted', async () => {
    const store = await TestStore.start(host);
    const agent = oneConnection();
    const answers = Promise.all(
      Array.from({ length: 30 }, (_, n) => post(store.url('/orders'), orderOf(`LAST-${n}`)).catch(() => null)),
    );
    await waitUntil(
      () => (store.ledger().orders.byStatus['placed'] ?? store.ledger().orders.byStatus['confirmed'] ?? 0) > 0,
    );

    const exits = await store.stopAll();
    const accepted = (await answers).filter((answer) => answer?.status === 202).length;
    agent.destroy();

    expect(exits).toEqual(exits.map(() => ({ code: 0, signal: null })));
    const { orders } = store.prove();
    const placed = Object.values(orders.byStatus).reduce((sum, count) => sum + count, 0);
    expect(placed).toBeGreaterThanOrEqual(accepted);
    expect(accepted).toBeGreaterThan(0);
  });

  it('exits with code 0 on SIGINT while a stream and an idle connection are open', async () => {
    const store = await TestStore.start(host);
    const agent = oneConnection();
    await request('GET', store.url('/livez', 'notification'), { agent });
    const path = '/notifications/stream';
    let hasBegun = false;
    const stream = sendRaw(
      store.url(path, 'notification'),
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
      (text) => {
        hasBegun ||= text.includes(': connected');
        return false;
      },
    );
    await waitUntil(() => hasBegun);

    store.program('notification').signal('SIGINT');
    const exit = await store.program('notification').exit;
    agent.destroy();

    expect(exit).toEqual({ code: 0, signal: null });
    expect(await stream).toContain(': connected');
    // The last chunk: the stream was ended, and not cut off when the time for open requests was over.
    expect(await stream).toMatch(/\r\n0\r\n\r\n$/);
  });
});

it.each(hosts)('a store in %s writes every line of its log before it ends: each sent notice is in it', async (host) => {
  const store = await TestStore.start(host, { LOG_LEVEL: 'info' });
  for (let n = 0; n < 40; n++) await post(store.url('/orders'), orderOf(`LOGGED-${n}`));
  await waitUntil(() => (store.ledger().notices.byStatus['sent'] ?? 0) > 0);
  const exits = await store.stopAll();
  const sent = store.ledger().notices.byStatus['sent'] ?? 0;
  const written =
    store
      .program('notification')
      .stdout()
      .match(/"notificationId":"[^"]+"/g) ?? [];

  expect(exits).toEqual(exits.map(() => ({ code: 0, signal: null })));
  expect(sent).toBeGreaterThan(0);
  expect(new Set(written).size).toBeGreaterThanOrEqual(sent);
});

it('a store ends at once on a second signal', async () => {
  const store = await TestStore.start('one process');
  // An open request delays the first stop. What the client is told of its body shows that the store has the request.
  const head =
    'POST /orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n' +
    'Expect: 100-continue\r\n\r\n';
  let isOpen = false;
  const open = sendRaw(store.url('/orders', 'order'), head, (text) => {
    isOpen ||= text.includes('100 Continue');
    return false;
  }).catch(() => '');
  await waitUntil(() => isOpen, { what: 'the store to wait for the body' });
  const program = store.program('order');
  const isStopping = () =>
    request('GET', store.url('/livez', 'order')).then(
      () => false,
      () => true,
    );

  program.signal('SIGTERM');
  await waitUntil(isStopping, { what: 'the stop to begin' });
  program.signal('SIGINT');

  expect(await program.exit).toEqual({ code: 1, signal: null });
  await open;
});

it('a store takes a signal that comes twice in a moment for one, as from a service manager and from npm', async () => {
  const hook = join(temporaryFolder(), 'twice.cjs');
  writeFileSync(hook, "process.once('SIGTERM', () => process.emit('SIGTERM', 'SIGTERM'));");
  const store = await TestStore.start('one process', { NODE_OPTIONS: `--require ${hook}` });

  expect(await store.stop('order')).toEqual({ code: 0, signal: null });
});

describe('a failing start', () => {
  it.each([
    ['a port that is no number', { ORDER_PORT: 'eight' }, /^saga-store: ORDER_PORT: .*it is "eight"\n$/],
    ['a port out of range', { GATEWAY_PORT: '70000' }, /^saga-store: GATEWAY_PORT: .*it is "70000"\n$/],
    ['an invalid switch', { ENABLE_AUTOMATION: 'yes' }, /^saga-store: ENABLE_AUTOMATION: .*it is "yes"\n$/],
    ['an unknown currency', { DEFAULT_CURRENCY: 'EUX' }, /^saga-store: DEFAULT_CURRENCY: .*ISO 4217.*it is "EUX"\n$/],
    ['an invalid address', { ORDER_URL: 'order' }, /^saga-store: ORDER_URL: .*it is "order"\n$/],
  ])('names the setting: %s', async (_, settings, message) => {
    const program = runStore([], { ...freeChoice, DATA_DIR: temporaryFolder(), ...settings });

    expect(await program.exit).toEqual({ code: 1, signal: null });
    expect(program.stderr()).toMatch(message);
    expect(program.stdout()).toBe('');
  });

  it('names the setting of a port that is in use', async () => {
    const [port = 0] = await freePorts(1);
    const holder = createServer().listen(port, '127.0.0.1');
    onTestFinished(() => void holder.close());

    const program = runStore([], { ...freeChoice, DATA_DIR: temporaryFolder(), INVENTORY_PORT: String(port) });

    expect(await program.exit).toEqual({ code: 1, signal: null });
    expect(program.stderr()).toBe(
      `saga-store: INVENTORY_PORT: port ${port} of 127.0.0.1 is in use (EADDRINUSE) by another program. End it, or set ` +
        `INVENTORY_PORT to another port (0 takes a free one); "lsof -nP -iTCP:${port} -sTCP:LISTEN" shows the program\n`,
    );
  });

  it.each([
    ['a part that does not exist', ['orders'], 'there is no part orders'],
    ['an option that does not exist', ['order', '--verbose'], 'there is no option --verbose'],
    ['a part that is named twice', ['order', 'order'], 'the part order is named twice'],
    ['a log without its name', ['--log'], '--log needs the name of a log'],
    ['a log that does not exist', ['--log', 'paper'], 'there is no log paper'],
    ['more than a log', ['--log=embedded=paper'], 'there is no log embedded=paper'],
    ['a log that is named twice', ['--log=embedded', '--log', 'embedded'], '--log is there twice'],
  ])('names %s, and ends with the exit code for wrong usage', async (_, args, problem) => {
    const program = runStore(args, { ...freeChoice, DATA_DIR: temporaryFolder() });

    expect(await program.exit).toEqual({ code: 2, signal: null });
    expect(program.stderr()).toContain(`saga-store: ${problem}\nUsage: `);
  });

  it('names a folder that is not writable', async () => {
    const program = runStore(['order'], { ...freeChoice, DATA_DIR: '/dev/null/data' });

    expect(await program.exit).toEqual({ code: 1, signal: null });
    expect(program.stderr()).toContain('/dev/null/data');
  });
});

it('a store warns once of each setting that is given by its former name, and goes by it', async () => {
  const store = await TestStore.start('one process', { LETTER_REPLAYS_MAX: '3' });
  await store.stopAll();

  const lines = store.program('gateway').stdout().split('\n');
  expect(
    lines.filter((line) => line.includes('LETTER_REPLAYS_MAX is now called DEAD_LETTER_REPLAYS_MAX')),
  ).toHaveLength(1);
});

it('a store with port 0 starts on free ports and prints them', async () => {
  const program = runStore([], { ...freeChoice, DATA_DIR: temporaryFolder(), ENABLE_AUTOMATION: 'true' });
  onTestFinished(() => program.signal('SIGKILL'));
  await waitUntil(() => program.stdout().includes('Try next'));

  const gateway = /gateway\s+(\S+)/.exec(program.stdout())?.[1] ?? '';

  expect((await postSample(`${gateway}/orders`, 1, { headers: { prefer: 'wait=20' } })).status).toBe(200);
  program.signal('SIGTERM');
  expect(await program.exit).toEqual({ code: 0, signal: null });
});
