import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { messages } from './messages.ts';
import { status } from './status.ts';
import type { Terminal } from './store-client.ts';
import { trace } from './trace.ts';

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

type Tool = (args: readonly string[], terminal: Terminal) => Promise<void>;

/** Runs a tool against a gateway with these answers by path; anything else is answered with 404. */
async function runWith(
  tool: Tool,
  args: readonly string[],
  answers: Readonly<Record<string, object>>,
  { more = {}, ...terminal }: { readonly isTty?: boolean; readonly more?: object } = {},
) {
  const seen: { url: string; authorization: string | undefined }[] = [];
  const server = createServer((request, response) => {
    seen.push({ url: request.url ?? '', authorization: request.headers.authorization });
    const answer = answers[request.url?.split('?')[0] ?? ''];
    response.statusCode = answer === undefined ? 404 : 200;
    response.end(JSON.stringify(answer ?? { code: 'not_found', detail: 'not here' }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(() => server.close().closeAllConnections());
  const lines: string[] = [];
  const env = {
    GATEWAY_PORT: String((server.address() as AddressInfo).port),
    OPERATIONS_TOKEN: 'open-sesame',
    ...more,
  };
  const out = (text: string) => lines.push(text);
  const error = await tool(args, { env, isTty: false, out, err: out, ...terminal }).then(
    () => null,
    (thrown: unknown) => (thrown instanceof Error ? thrown.message : String(thrown)),
  );
  return { text: lines.join('\n'), error, seen, urls: seen.map(({ url }) => url) };
}

const unknown = { startedAt: null, parked: null, deadLetters: null, commitMs: null, walBytes: null };
const lists = { pausedTopics: [], messages: {} };
const functions = [
  {
    ...{ name: 'order', state: 'up', detail: null, startedAt: 'then', clockSkewMs: 61_000, parked: 0, deadLetters: 2 },
    ...{ commitMs: { p50: 0.8, p99: 3, count: 9 }, walBytes: 1, ...lists },
  },
  { name: 'inventory', state: 'away', detail: 'inventory does not answer', clockSkewMs: null, ...unknown, ...lists },
];
const reader = { group: 'inventory', partition: 0, position: 2, end: 9, lag: 7, oldestUnreadAt: '2026-01-01' };
const topics = [{ name: 'order-events', writer: 'order', end: 9, readers: [reader], detail: null }];
const hostile = 'OrderPlaced\u001b[2J\u202e';
/** Whether nothing in it moves the cursor of a terminal, or turns text around. */
function isInert(text: string): boolean {
  return !text.includes('\u001b') && !text.includes('\u202e');
}

const message = {
  ...{ partition: 0, position: 12, isCut: false, isText: false, data: { orderId: 'A' } },
  attributes: { id: 'm-1', type: hostile, time: '2026-01-01', partitionkey: 'A' },
};

describe('status', () => {
  const answers = { '/operations/functions': { functions }, '/operations/topics': { topics, away: [] } };

  it('shows functions and topics, with the lag of one that is away', async () => {
    const { text, seen } = await runWith(status, [], answers);

    expect(text).toMatch(/order +│ up +│ +0 │ +2 │ 0\.8 \/ 3 +│ 61 s ahead/);
    expect(text).toMatch(/inventory +│ away +│ +\? │ +\? │.*inventory does not answer/);
    expect(text).toMatch(/order-events +│ inventory +│ +0 │ +2 │ +9 │ +7 │ 2026-01-01/);
    expect(text).not.toContain('\u001b');
    expect(seen.map(({ authorization }) => authorization)).toEqual(['Bearer open-sesame', 'Bearer open-sesame']);
  });

  it('prints the answers as JSON', async () => {
    expect(JSON.parse((await runWith(status, ['--json'], answers)).text)).toEqual({ functions, topics });
  });

  it('uses colours only where the terminal has them, and not with NO_COLOR', async () => {
    expect((await runWith(status, [], answers, { isTty: true })).text).toContain('\u001b[32mup');
    expect((await runWith(status, [], answers, { isTty: true, more: { NO_COLOR: '1' } })).text).not.toContain('\u001b');
  });

  it('says what it cannot do', async () => {
    expect((await runWith(status, [], {})).error).toContain('404 not_found: not here');
  });
});

describe('messages', () => {
  const href = '/operations/topics/order-events/messages?limit=20&type=X&cursor=abc';
  const page = { messages: [message], scanned: 10_000, isWhole: false, _links: { self: { href: '' }, next: { href } } };
  const found = {
    ...{ message, topic: 'order-events', position: 12, away: ['inventory'] },
    reads: [{ by: 'inventory', state: 'dead', letter: 'abc' }],
  };

  it('lists a topic with filters, and says how to go on', async () => {
    const args = [
      'list',
      'order-events',
      '--type',
      'X',
      '--from',
      '3',
      '--order',
      'asc',
      '--partition',
      '0',
      '--key',
      'A B',
    ];
    const { text, urls } = await runWith(messages, args, { '/operations/topics/order-events/messages': page });

    expect(new URL(urls[0] ?? '', 'http://x').searchParams.toString()).toBe(
      'limit=20&type=X&from=3&order=asc&partition=0&key=A+B',
    );
    expect(text).toContain('10000 looked at; to go on: npm run messages -- list order-events');
    expect(text).toContain('--cursor abc');
    expect(isInert(text)).toBe(true);
  });

  it.each([
    ['from a place on', ['--from', '3'], { order: 'asc', from: '3' }],
    ['before a place', ['--from', '3', '--order', 'desc'], { order: 'desc', from: '3' }],
    ['from the newest', [], {}],
  ])('lists a topic %s', async (_, args, expected) => {
    const run = await runWith(messages, ['list', 'order-events', ...args], {
      '/operations/topics/order-events/messages': page,
    });

    expect(Object.fromEntries(new URL(run.urls[0] ?? '', 'http://x').searchParams)).toEqual({
      limit: '20',
      ...expected,
    });
  });

  it('shows a message with who has read it', async () => {
    const { text, urls } = await runWith(messages, ['show', 'm/1', '--key', 'A'], {
      '/operations/messages/m%2F1': found,
    });

    expect(urls).toEqual(['/operations/messages/m%2F1?key=A']);
    expect(text).toContain('order-events at 12');
    expect(text).toContain('inventory: dead (dead letter abc)');
    expect(text).toContain('inventory does not answer');
    expect(isInert(text)).toBe(true);
  });

  it('says so of a command that is not stored', async () => {
    const command = {
      message: null,
      topic: null,
      position: null,
      reads: [{ by: 'order', state: 'handled', letter: null }],
      away: [],
    };
    const { text } = await runWith(messages, ['show', 'c'], { '/operations/messages/c': command });

    expect(text).toContain('It came by HTTP');
    expect(text).toContain('order: handled');
  });

  it.each([
    [['list', 'order-events', '--limit', '201']],
    [['list', 'order-events', '--order', 'up']],
    [['show', '..']],
    [['list']],
  ])('does not understand %j', async (args) => {
    expect((await runWith(messages, args, {})).urls).toEqual([]);
  });
});

describe('trace', () => {
  const node = {
    id: 'm-1',
    type: hostile,
    at: 'order',
    kind: 'event',
    time: '2026-01-01',
    causationId: 'c',
    topic: 'order-events',
  };
  const nodes = [
    {
      ...node,
      id: 'c',
      type: null,
      kind: 'command',
      time: null,
      causationId: null,
      message: null,
      reads: [],
      notice: null,
    },
    { ...node, message, reads: [{ by: 'inventory', state: 'unread', letter: null }], notice: null },
    {
      ...node,
      id: 'n',
      at: 'notification',
      causationId: 'm-1',
      message: null,
      reads: [],
      notice: { status: 'failed', detail: 'no' },
    },
  ];

  it('shows the steps with their causes and readers, and who does not answer', async () => {
    const answer = { nodes, away: ['inventory'], isWhole: false };
    const { text } = await runWith(trace, ['A'], { '/operations/trace/A': answer });

    expect(text).toMatch(/1 │ +│ order +│ a command/);
    expect(text).toMatch(/2 │ 2026-01-01 │ order.* +1 │ inventory: unread/);
    expect(text).toMatch(/3 │.*notification.* +2 │ failed: no/);
    expect(text).toContain('inventory does not answer');
    expect(text).toContain('There is more than is shown.');
    expect(isInert(text)).toBe(true);
  });

  it('fails for a key of which nothing is known', async () => {
    const { error } = await runWith(trace, ['A'], { '/operations/trace/A': { nodes: [], away: [], isWhole: true } });

    expect(error).toBe('Nothing is known of A.');
  });
});
