import { generateSignedCookie } from 'hono/cookie';
import { describe, expect, it } from 'vitest';
import { createApp } from '../../shared/runtime/http/app.ts';
import { operationsAccess } from '../../shared/runtime/http/operator-auth.ts';
import { logLines } from '../../shared/testing/log-lines.ts';
import { addSession, cookieNameAt, sessionKeyOf } from './session.ts';

const TOKEN = 'open-sesame';
const HOUR_MS = 3_600_000;
const LOCAL = 'http://127.0.0.1:8900';
const START_MS = Date.parse('2026-03-01T10:00:00.000Z');

async function cookieFor(ms: number): Promise<string> {
  const value = String(START_MS + ms);
  const setCookie = await generateSignedCookie(cookieNameAt(LOCAL), value, await sessionKeyOf(TOKEN));
  return setCookie.split(';')[0] ?? '';
}

describe('a stream of operators', () => {
  it('ends when the session does that opened it', async () => {
    const stream = streamAt();
    const cookie = await cookieFor(400);

    const chunks = await stream.open({ cookie });

    expect(await textOf(chunks)).toBe(': connected\n\n');
    expect(stream.isCancelled()).toBe(true);
  });

  it('is left at once by a client that leaves', async () => {
    const stream = streamAt();
    const chunks = await stream.open({ cookie: await cookieFor(HOUR_MS) });
    const reader = chunks.getReader();
    await reader.read();

    await reader.cancel();

    expect(stream.isCancelled()).toBe(true);
  });

  it('that ends by itself ends so with a session, and one that breaks breaks', async () => {
    const cookie = await cookieFor(HOUR_MS);
    const [ending, breaking] = [streamAt(), streamAt()];
    const [ended, broken] = [await ending.open({ cookie }), await breaking.open({ cookie })];

    ending.controller().close();
    breaking.controller().error(new Error('away'));

    expect(await textOf(ended)).toBe(': connected\n\n');
    await expect(textOf(broken)).rejects.toThrow('away');
  });

  it('goes on where the token itself was sent', async () => {
    const stream = streamAt();
    const cookie = await cookieFor(100);

    const chunks = await stream.open({ cookie, authorization: `Bearer ${TOKEN}` });
    await new Promise((resolve) => setTimeout(resolve, 300));
    stream.controller().enqueue(Buffer.from(': later\n\n'));
    stream.controller().close();

    expect(await textOf(chunks)).toBe(': connected\n\n: later\n\n');
  });
});

/** An endless stream for operators behind the sessions, whose clock stands. */
function streamAt() {
  const app = createApp(logLines().logger);
  addSession(app, operationsAccess({ OPERATIONS_TOKEN: TOKEN }), () => START_MS);
  let isCancelled = false;
  let inner: ReadableStreamDefaultController<Uint8Array> | null = null;
  app.get('/operations/stream', () => {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        inner = controller;
        controller.enqueue(Buffer.from(': connected\n\n'));
      },
      cancel: () => {
        isCancelled = true;
      },
    });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  });
  return {
    open: async (headers: Record<string, string>) => {
      const { body } = await app.fetch(new Request(`${LOCAL}/operations/stream`, { headers }));
      if (body === null) throw new Error('no stream came');
      return body;
    },
    controller: () => inner as unknown as ReadableStreamDefaultController<Uint8Array>,
    isCancelled: () => isCancelled,
  };
}

async function textOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  return new Response(stream).text();
}
