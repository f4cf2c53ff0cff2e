import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { problemOf } from './problem.ts';
import { getJson, refusals, send } from './request.ts';

/** The network answers every request so. */
function answerWith(response: () => Response | Promise<Response>): void {
  vi.stubGlobal('fetch', async () => response());
  onTestFinished(() => void vi.unstubAllGlobals());
}

/** A body that comes in parts, and then breaks. */
function breakingBody(error: Error): ReadableStream<Uint8Array> {
  const parts = [new TextEncoder().encode('{"orders":[')];
  return new ReadableStream({
    pull(controller) {
      const part = parts.shift();
      if (part === undefined) controller.error(error);
      else controller.enqueue(part);
    },
  });
}

const problemAt = async (asking: Promise<unknown>) => asking.then(() => null, problemOf);

describe('an answer of the store', () => {
  it('is its JSON, or null where it says that it has none', async () => {
    answerWith(() => Response.json({ orderId: 'A' }, { status: 202 }));
    expect(await send('POST', '/orders')).toMatchObject({ status: 202, body: { orderId: 'A' } });

    answerWith(() => new Response(null, { status: 204 }));
    expect((await send('DELETE', '/operations/session')).body).toBeNull();
  });

  it('that is a refusal is its problem, and one for want of a session is counted', async () => {
    answerWith(() => Response.json({ title: 'Unauthorized', detail: 'sign in' }, { status: 401 }));
    const before = refusals.value;

    expect(await problemAt(getJson('/operations/store'))).toMatchObject({ detail: 'sign in', status: 401 });
    expect(refusals.value - before).toBe(1);
  });

  it.each([
    ['breaks off', () => new Response(breakingBody(new TypeError('terminated')))],
    ['is cut JSON', () => new Response('{"orders":[{"orderId":')],
    ['is the HTML of a proxy', () => new Response('<!doctype html><title>Log in</title>')],
    ['is empty', () => new Response('')],
  ])('that %s is told as an answer that cannot be read, not as an error of the page', async (_, response) => {
    answerWith(response);

    expect(await problemAt(getJson('/orders'))).toEqual({
      title: 'Unreadable answer',
      detail: 'The answer is not from the store, or is incomplete. Is there a proxy on the way, or did the store stop?',
      status: 0,
    });
  });

  it('that does not come at all is told so', async () => {
    answerWith(() => Promise.reject(new TypeError('Failed to fetch')));

    expect(await problemAt(getJson('/orders'))).toMatchObject({ title: 'No answer', status: 0 });
  });

  it.each([
    ['before it came', (aborted: Error) => answerWith(() => Promise.reject(aborted))],
    ['in the midst of it', (aborted: Error) => answerWith(() => new Response(breakingBody(aborted)))],
  ])('that is no longer wanted ends as it was told to, %s', async (_, answering) => {
    const aborted = new DOMException('This operation was aborted', 'AbortError');
    answering(aborted);

    await expect(getJson('/orders')).rejects.toBe(aborted);
  });
});
