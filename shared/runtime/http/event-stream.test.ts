import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { EventStreams, type StreamLimits } from './event-stream.ts';

const limits: StreamLimits = { openMax: 2, stalledMs: 60_000 };
const request = (accept = 'text/event-stream', method = 'GET') =>
  new Request('http://store/stream', { method, headers: { accept } });

function serveStreams(changed: Partial<StreamLimits> = {}) {
  const stopping = new AbortController();
  const streams = new EventStreams(stopping.signal, { ...limits, ...changed });
  const state = { written: 0, ended: 0 };
  const answer = (given = request()) =>
    streams.answer(given, async (stream) => {
      while (!stream.ended.aborted) {
        await stream.write(`: ${'x'.repeat(100)}\n\n`);
        state.written += 1;
        if (state.written > 1_000) throw new Error('the stream does not wait for its client');
      }
      state.ended += 1;
    });
  return { stopping, state, answer };
}

describe('a stream of events', () => {
  it('waits for a client that does not read', async () => {
    const { answer, state } = serveStreams();
    const response = answer();
    const reader = response.body?.getReader();
    await reader?.read();
    for (let n = 0; n < 20; n++) await turn();
    const written = state.written;
    await reader?.read();
    for (let n = 0; n < 20; n++) await turn();

    expect(written).toBeLessThan(4);
    expect(state.written).toBe(written + 1);
    await reader?.cancel();
  });

  it('breaks when its client does not read for too long, so that it comes back and nothing is kept for it', async () => {
    const { answer, state } = serveStreams({ stalledMs: 20 });
    const reader = answer().body?.getReader();

    await expect.poll(() => state.ended).toBe(1);
    await expect(reader?.read()).rejects.toThrow('too slowly');
  });

  it('ends when its client leaves', async () => {
    const { answer, state } = serveStreams();
    await answer().body?.cancel();

    await expect.poll(() => state.ended).toBe(1);
  });

  it('ends when the server stops, also one that is opened then', async () => {
    const { answer, state, stopping } = serveStreams();
    const open = answer();
    stopping.abort();

    expect(await open.text()).toMatch(/^: x+\n\n$/);
    expect(await answer().text()).toBe('');
    expect(state.ended).toBe(2);
  });

  it('is not opened for HEAD', async () => {
    const { answer, state } = serveStreams();

    const { status, body, headers } = answer(request('*/*', 'HEAD'));

    expect([status, body, headers.get('content-type')]).toEqual([200, null, 'text/event-stream']);
    expect(state).toEqual({ written: 0, ended: 0 });
  });
});

describe('more streams than the limit', () => {
  it('are told when to come back: an EventSource by a stream that ends, another client by 503', async () => {
    const { answer } = serveStreams();
    const open = [answer(), answer()];

    const turnedAway = answer();
    expect([turnedAway.status, turnedAway.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    expect(await turnedAway.text()).toMatch(/^: 2 streams are open.*\nretry: 1\d{4}\n\n$/);
    expect(() => answer(request('*/*'))).toThrow('2 streams are open, which is the limit');
    await open[0]?.body?.cancel();
    await turn();
    const admitted = answer();
    expect(await admitted.body?.getReader().read()).toMatchObject({ done: false });
  });
});
