/** An operator, or the console, looks at a running store: functions, topics, messages, traces, and the live stream. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type {
  FunctionsBody,
  MessagesBody,
  StoreBody,
  TopicsBody,
} from '../../shared/runtime/inspect/representation.ts';
import type { MessagesEventBody, TickBody } from '../../shared/runtime/inspect/stream-representation.ts';
import type { FoundMessageBody, TraceBody } from '../../shared/runtime/inspect/trace-representation.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { get, orderOf, post, request } from './client.ts';
import { hosts, run, TestStore } from './harness.ts';
import { openStream } from './stream.ts';

const wait = { headers: { prefer: 'wait=20' } };
const soon = { timeout: 45_000 };

async function trace(store: TestStore, key: string): Promise<TraceBody> {
  return get<TraceBody>(store.url(`/operations/trace/${key}`));
}

/** The message types of a trace, each with what its readers say. */
function readsIn({ nodes }: TraceBody): readonly (readonly [type: string | null, ...reads: string[]])[] {
  return nodes.map(({ type, reads }) => [type, ...reads.map(({ by, state }) => `${by} ${state}`)]);
}

/** Waits until the functions are in these states: one that is slow to tell its own is taken for away. */
async function functionsIn(
  store: TestStore,
  expected: readonly (readonly [name: string, state: string, detail: string | null])[],
): Promise<FunctionsBody['functions']> {
  return vi.waitFor(async () => {
    const { functions } = await get<FunctionsBody>(store.url('/operations/functions'));
    expect(functions.map(({ name, state, detail }) => [name, state, detail])).toEqual(expected);
    return functions;
  }, soon);
}

async function poison(store: TestStore, subject: string, as: 'transient' | 'bug'): Promise<void> {
  const answer = await post(store.url('/automation-testing/faults', 'inventory'), { poison: { subject, as } });
  expect(answer.status).toBe(200);
}

/** A stream of the gateway; `named` returns the data of its events of that name so far. */
async function watch(store: TestStore, query = '') {
  const stream = await openStream(store.url(`/operations/stream${query}`));
  onTestFinished(() => stream.close());
  const named = <Data>(name: string) =>
    stream
      .events()
      .filter(({ event }) => event === name)
      .map(({ data }) => JSON.parse(data) as Data);
  return { stream, named };
}

describe.each(hosts)('in %s, a store', (host) => {
  it('says what it is made of, how its functions are, and what lies in its topics', async () => {
    const store = await TestStore.start(host);
    await post(store.url('/orders'), orderOf('A'), wait);
    await store.settle();

    const { saga, automation } = await get<StoreBody>(store.url('/operations/store'));
    expect([automation, saga.functions]).toEqual([true, ['order', 'inventory', 'notification']]);

    const functions = await functionsIn(store, [
      ['order', 'up', null],
      ['inventory', 'up', null],
      ['notification', 'up', null],
    ]);
    expect(functions[0]?.messages['PlaceOrder']).toMatchObject({ handled: 1, dead: 0 });
    expect(Math.abs(functions[1]?.clockSkewMs ?? Number.NaN)).toBeLessThan(5_000);
    expect(functions[1]?.walBytes).toBeGreaterThan(0);
    expect(functions[1]?.commitMs?.count).toBeGreaterThan(0);

    // A log elsewhere tells a moment later how far a function has read.
    await vi.waitFor(async () => {
      const { topics, away } = await get<TopicsBody>(store.url('/operations/topics'));
      const lags = topics.flatMap(({ name, readers }) => readers.map(({ group, lag }) => [name, group, lag]));
      expect([lags, away]).toEqual([
        [
          ['order-commands', 'order', 0],
          ['order-events', 'inventory', 0],
          ['order-events', 'notification', 0],
          ['inventory-events', 'order', 0],
        ],
        [],
      ]);
    }, soon);

    const { messages } = await get<MessagesBody>(store.url('/operations/topics/order-events/messages?key=A&order=asc'));
    expect(messages.map(({ attributes }) => attributes['type'])).toEqual(['OrderPlaced', 'OrderConfirmed']);
    const refused = await request('GET', store.url('/operations/topics/other/messages'));
    expect([refused.status, JSON.parse(refused.text).detail]).toEqual([
      404,
      'there is no topic other; the topics are order-commands, order-events, inventory-events',
    ]);
  });

  it('traces an order in causal order, with its notices and with who has read each message', async () => {
    const store = await TestStore.start(host);
    await post(store.url('/orders'), orderOf('A'), wait);
    await store.settle();

    const done = await trace(store, 'A');

    expect(readsIn(done).filter(([type]) => !type?.endsWith('notice'))).toEqual([
      ['PlaceOrder', 'order handled'],
      ['OrderPlaced', 'inventory handled', 'notification handled'],
      ['StockReserved', 'order handled'],
      ['OrderConfirmed', 'inventory handled', 'notification handled'],
      ['StockSold'],
    ]);
    const notices = done.nodes.filter(({ kind }) => kind === 'notice');
    expect(notices.map(({ type, notice }) => [type, notice?.status])).toEqual([
      ['OrderPlaced notice', 'sent'],
      ['OrderConfirmed notice', 'sent'],
    ]);
    expect([done.away, done.isWhole, done.nodes[0]?.message]).toEqual([[], true, null]);
    expect(await trace(store, 'NEVER')).toEqual({ nodes: [], away: [], isWhole: true });

    const placed = done.nodes.find(({ type }) => type === 'OrderPlaced');
    const found = await get<FoundMessageBody>(store.url(`/operations/messages/${placed?.id}`));
    expect(found).toEqual({
      message: placed?.message,
      topic: 'order-events',
      position: 1,
      reads: placed?.reads,
      away: [],
    });
    expect((await request('GET', store.url('/operations/messages/NEVER'))).status).toBe(404);
  });

  it('names messages that are parked, and those that are dead with their letter', async () => {
    const store = await TestStore.start(host, {
      RETRY_FIRST_MS: '3600000',
      RETRY_LONGEST_MS: '3600000',
      RETRY_BUG_ATTEMPTS: '1',
    });
    const placedReads = async (key: string) =>
      (await trace(store, key)).nodes
        .find(({ type }) => type === 'OrderPlaced')
        ?.reads.find(({ by }) => by === 'inventory');
    await poison(store, 'PARKED', 'transient');
    await post(store.url('/orders'), orderOf('PARKED'));
    await vi.waitFor(
      async () => expect(await placedReads('PARKED')).toMatchObject({ state: 'parked', letter: null }),
      soon,
    );
    await poison(store, 'DEAD', 'bug');
    await post(store.url('/orders'), orderOf('DEAD'));
    await vi.waitFor(async () => expect(await placedReads('DEAD')).toMatchObject({ state: 'dead' }), soon);

    const letter = (await placedReads('DEAD'))?.letter;
    const { status } = await get<{ status: string }>(store.url(`/operations/inventory/dead-letters/${letter}`));
    const { functions } = await get<FunctionsBody>(store.url('/operations/functions'));

    expect(status).toBe('open');
    expect(functions.find(({ name }) => name === 'inventory')).toMatchObject({ parked: 1, deadLetters: 1 });
  });

  it('shows itself live: figures at each tick, and what is committed', async () => {
    const store = await TestStore.start(host);
    const all = await watch(store);
    const one = await watch(store, '?key=B');
    const figures = () => all.named<TickBody>('tick').at(-1)?.functions ?? [];
    await vi.waitFor(() => expect(figures()).toHaveLength(3), soon);
    const ticks = all.named('tick').length;

    for (const id of ['A', 'B']) await post(store.url('/orders'), orderOf(id), wait);

    await vi.waitFor(() => expect(figures().find(({ name }) => name === 'order')?.outcomes['confirmed']).toBe(2), soon);
    expect(figures().find(({ name }) => name === 'order')?.latencyMs.count).toBeGreaterThan(0);
    await vi.waitFor(() => expect(all.named('tick').length).toBeGreaterThan(ticks + 2), soon);
    const topics = all
      .named<TickBody>('tick')
      .at(-1)
      ?.topics.map(({ name }) => name);
    expect(topics?.toSorted()).toEqual(['inventory-events', 'order-commands', 'order-events']);
    const keys = ({ named }: typeof all) => {
      const messages = named<MessagesEventBody>('messages').flatMap((event) => event.messages);
      return [...new Set(messages.map(({ key }) => key))].sort();
    };
    await vi.waitFor(() => expect(keys(all)).toEqual(expect.arrayContaining(['A', 'B'])), soon);
    await vi.waitFor(() => expect(keys(one)).toEqual(['B']), soon);
  });
});

describe('a store without inventory', () => {
  it('tells how far inventory has read, what it has not, and that it is away; and it comes back', async () => {
    const store = await TestStore.start('a process each');
    await post(store.url('/orders'), orderOf('BEFORE'), wait);
    await store.settle();
    const { named } = await watch(store);
    await vi.waitFor(() => expect(named<TickBody>('tick').at(-1)?.functions).toHaveLength(3), soon);
    await store.kill('inventory');
    for (const id of ['A', 'B']) await post(store.url('/orders'), orderOf(id));

    await functionsIn(store, [
      ['order', 'up', null],
      ['inventory', 'away', 'inventory does not answer'],
      ['notification', 'up', null],
    ]);
    const lagOf = (topics: TopicsBody['topics']) =>
      topics.find(({ name }) => name === 'order-events')?.readers.find(({ group }) => group === 'inventory');
    const { topics, away } = await get<TopicsBody>(store.url('/operations/topics'));
    expect([lagOf(topics)?.lag, away]).toEqual([2, ['inventory']]);
    expect(Date.now() - Date.parse(lagOf(topics)?.oldestUnreadAt ?? '')).toBeLessThan(60_000);
    await vi.waitFor(() => {
      expect(named<object>('function').at(-1)).toMatchObject({ name: 'inventory', state: 'away' });
      expect(lagOf(named<TickBody>('tick').at(-1)?.topics ?? [])?.lag).toBe(2);
    }, soon);

    const waiting = await trace(store, 'A');
    expect(waiting.away).toEqual(['inventory']);
    expect(readsIn(waiting).find(([type]) => type === 'OrderPlaced')).toContain('inventory unread');
    const before = await trace(store, 'BEFORE');
    expect(before.nodes.find(({ type }) => type === 'StockReserved')).toMatchObject({ at: 'inventory', message: null });
    expect(readsIn(before).find(([type]) => type === 'OrderPlaced')).toContain('inventory unknown');

    const tools = ['status', 'trace', 'messages'].map((tool) => {
      const args = { status: [], trace: ['A'], messages: ['list', 'order-events', '--key', 'A'] }[tool] ?? [];
      return run(`dist/e2e/tools/${tool}.js`, args, { GATEWAY_URL: store.url('') });
    });
    const codes = await Promise.all(tools.map(async ({ exit }) => (await exit).code));
    expect(codes).toEqual([0, 0, 0]);
    expect(tools[0]?.stdout()).toMatch(/inventory +│ away/);
    expect(tools[1]?.stdout()).toContain('inventory: unread');
    expect(tools[2]?.stdout()).toContain('OrderPlaced');

    await store.start(['inventory']);
    await waitUntil(async () => readsIn(await trace(store, 'A')).some((node) => node.includes('inventory handled')));
    await vi.waitFor(() => {
      expect(named<object>('function').at(-1)).toMatchObject({ name: 'inventory', state: 'up' });
      expect(lagOf(named<TickBody>('tick').at(-1)?.topics ?? [])?.lag).toBe(0);
    }, soon);
  });
});

describe('a store with a token for operators', () => {
  it.each(hosts)('shows itself only to who has it, in %s', async (host) => {
    const store = await TestStore.start(host, { OPERATIONS_TOKEN: 'open-sesame' });
    const paths = ['store', 'functions', 'topics', 'topics/order-events/messages', 'messages/X', 'trace/X', 'stream'];

    for (const path of paths) {
      const { status } = await request('GET', store.url(`/operations/${path}`));
      expect([path, status]).toEqual([path, 401]);
    }
    const headers = { authorization: 'Bearer open-sesame' };
    expect((await request('GET', store.url('/operations/functions'), { headers })).status).toBe(200);
    expect((await request('GET', store.url('/operations/trace/X'), { headers })).status).toBe(200);
    for (const path of ['status', 'trace/X', 'messages/X', 'stream', 'topics/order-events/messages']) {
      const { status } = await request('GET', store.url(`/operations/order/${path}`, 'order'));
      expect([path, status]).toEqual([path, 401]);
    }
  });
});
