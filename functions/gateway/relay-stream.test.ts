import { afterEach, describe, expect, it } from 'vitest';
import { AppError } from '../../shared/core/errors.ts';
import { createApp } from '../../shared/runtime/http/app.ts';
import { problemResponse } from '../../shared/runtime/http/problem.ts';
import { logLines } from '../../shared/testing/log-lines.ts';
import { EventBlocks } from './event-blocks.ts';
import { type RelayLimits, StreamRelay } from './relay-stream.ts';
import type { Upstream } from './upstream.ts';

const quick: Partial<RelayLimits> = { openMs: 50, retryFirstMs: 1, retryLongestMs: 5 };
const accept = { accept: 'text/event-stream' };
const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** A connection that the relay has made to the function. */
interface Connection {
  readonly headers: Headers;
  send(text: string): void;
  end(): void;
  breakDown(): void;
  isCancelled(): boolean;
}

type Next = 'stream' | 'refuses' | 'hangs' | Response;

/** A function behind a relay: what it does when it is connected to next, and the connections so far. */
function functionBehindRelay(limits: Partial<RelayLimits> = {}) {
  const connections: Connection[] = [];
  const state: { next: Next; attempts: number } = { next: 'stream', attempts: 0 };
  const upstream: Upstream = {
    name: 'notification',
    async fetch(request) {
      state.attempts += 1;
      if (state.next === 'refuses') throw new AppError('unavailable', 'notification is unavailable');
      if (state.next === 'hangs') return new Promise(() => undefined);
      if (state.next !== 'stream') return state.next.clone();
      const { response, connection } = connectionFor(request.headers);
      connections.push(connection);
      return response;
    },
  };
  const stopping = new AbortController();
  stops.push(() => stopping.abort());
  const relay = new StreamRelay(stopping.signal, { ...quick, ...limits });
  const app = createApp(logLines().logger);
  app.get('/stream', (c) => relay.answer(c, upstream));
  const connection = async (index: number): Promise<Connection> => {
    await expect.poll(() => connections.length).toBeGreaterThan(index);
    return connections[index] as Connection;
  };
  const open = (headers: Readonly<Record<string, string>> = accept) => app.request('/stream', { headers });
  return { state, connection, open, stop: () => stopping.abort(), count: () => connections.length };
}

function connectionFor(headers: Headers): { readonly response: Response; readonly connection: Connection } {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    start: (given) => {
      controller = given;
    },
    cancel: () => {
      isCancelled = true;
    },
  });
  const response = new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  const connection: Connection = {
    headers,
    send: (text) => controller?.enqueue(Buffer.from(text)),
    end: () => controller?.close(),
    breakDown: () => controller?.error(new Error('ECONNRESET')),
    isCancelled: () => isCancelled,
  };
  return { response, connection };
}

/** What the client has received; comments and the greeting left out. */
function reading(response: Response) {
  let text = '';
  let isDone = false;
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const read = async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      text += Buffer.from(value).toString();
    }
    isDone = true;
  };
  void read();
  const events = () =>
    text
      .split('\n\n')
      .slice(0, -1)
      .filter((block) => !block.startsWith(':'));
  return { events, text: () => text, isDone: () => isDone, leave: () => reader.cancel() };
}

describe('a stream through the gateway', () => {
  it.each([
    ['ends', (connection: Connection) => connection.end()],
    ['breaks', (connection: Connection) => connection.breakDown()],
  ])('goes on after its last whole event when the function %s', async (_, fail) => {
    const { open, connection } = functionBehindRelay();
    const client = reading(await open());
    const first = await connection(0);
    first.send('data: 1\nid: e-1\n\ndata: 2\nid');
    first.send(': e-2\n\ndata: 3\nid: e-');
    await expect.poll(client.events).toHaveLength(2);

    fail(first);
    const second = await connection(1);
    second.send('data: 3\nid: e-3\n\n');

    await expect.poll(client.events).toEqual(['data: 1\nid: e-1', 'data: 2\nid: e-2', 'data: 3\nid: e-3']);
    expect(first.headers.get('last-event-id')).toBeNull();
    expect(second.headers.get('last-event-id')).toBe('e-2');
    expect(first.headers.get('x-stream-since')).toMatch(/^\d{13}$/);
    expect(second.headers.get('x-stream-since')).toBe(first.headers.get('x-stream-since'));
  });

  it('connects again when the function falls silent', async () => {
    const { open, connection } = functionBehindRelay({ silentMs: 50 });
    const client = reading(await open({ ...accept, 'last-event-id': 'e-1' }));
    const first = await connection(0);

    const second = await connection(1);
    second.send('data: 2\nid: e-2\n\n');

    await expect.poll(client.events).toEqual(['data: 2\nid: e-2']);
    expect(first.isCancelled()).toBe(true);
    expect(second.headers.get('last-event-id')).toBe('e-1');
  });

  it('leaves the function when its client leaves', async () => {
    const { open, connection } = functionBehindRelay();
    const client = reading(await open());
    const first = await connection(0);

    await client.leave();

    await expect.poll(first.isCancelled).toBe(true);
  });

  it('ends when the gateway stops, and leaves the function', async () => {
    const { open, connection, stop } = functionBehindRelay();
    const client = reading(await open());
    const first = await connection(0);

    stop();

    await expect.poll(client.isDone).toBe(true);
    await expect.poll(first.isCancelled).toBe(true);
  });

  it('ends when the function no longer knows it, so that its client is told why', async () => {
    const { open, connection, state } = functionBehindRelay();
    const client = reading(await open());
    const first = await connection(0);

    state.next = problemResponse(new AppError('not_found', 'there is no such stream'));
    first.end();

    await expect.poll(client.isDone).toBe(true);
  });
});

describe('a client that connects while the function is unavailable', () => {
  it.each([
    ['refuses', 'refuses'],
    ['hangs', 'hangs'],
    ['says so', problemResponse(new AppError('unavailable', 'the store is moved'))],
  ] as const)('is kept when it asks for events, and served once it is back: it %s', async (how, next) => {
    const { open, connection, state } = functionBehindRelay();
    state.next = next;
    const response = await open();
    const client = reading(response);
    await expect.poll(client.text).toMatch(/^: connected\nretry: \d+\n\n/);
    if (how === 'hangs') return;

    await expect.poll(() => state.attempts).toBeGreaterThan(2);
    state.next = 'stream';
    (await connection(0)).send('data: 1\nid: e-1\n\n');

    await expect.poll(client.events).toEqual(['data: 1\nid: e-1']);
    expect(response.status).toBe(200);
  });

  it('gets the problem when it asks for anything else', async () => {
    const { open, state } = functionBehindRelay();
    state.next = 'refuses';

    expect((await open({ accept: '*/*' })).status).toBe(503);
    expect((await open({})).status).toBe(503);
  });

  it('gets the answer of a function that refuses the request', async () => {
    const { open, state } = functionBehindRelay();
    state.next = problemResponse(new AppError('invalid_request', 'the query is not valid'));

    expect((await open()).status).toBe(422);
  });
});

describe('the bytes of events', () => {
  it('are passed on by whole events, however they are cut', () => {
    const text = 'data: ä\nid: e-1\n\n: still here\n\nevent: reset\ndata: {}\nid: e-9\n\ndata: cut';
    const bytes = Buffer.from(text);
    for (let at = 1; at < bytes.length; at++) {
      const blocks = new EventBlocks();
      const parts = [blocks.push(bytes.subarray(0, at)), blocks.push(bytes.subarray(at))];

      expect(Buffer.concat(parts.map((part) => part.bytes)).toString()).toBe(text.slice(0, -'data: cut'.length));
      expect(parts.map(({ lastId }) => lastId).findLast((id) => id !== null)).toBe('e-9');
    }
  });

  it('are refused where one event has no end', () => {
    const blocks = new EventBlocks();

    expect(() => {
      for (let n = 0; n < 2_000; n++) blocks.push(Buffer.alloc(1_024, 'x'));
    }).toThrow('an event has more than 1048576 bytes');
  });
});
