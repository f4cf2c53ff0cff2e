import { type AppContext, requestIdOf } from '../../shared/runtime/http/app.ts';
import type { Upstream } from './upstream.ts';

/** A new request with the headers of the same caller. */
export function forwarded(c: AppContext, method: 'GET' | 'POST', path: string, body?: string): Request {
  const headers = new Headers();
  for (const name of ['authorization', 'content-type', 'accept', 'traceparent']) {
    const value = c.req.header(name);
    if (value !== undefined && (method === 'POST' || name !== 'content-type')) headers.set(name, value);
  }
  return new Request(new URL(path, c.req.url), { method, headers, ...(body === undefined ? {} : { body }) });
}

/** For how long an answer is waited for that is one part of a page: the rest is shown without it. */
const PART_MS_MAX = 2_000;

/** What one function answered, or why it is as if it was not there. */
export type PartAnswer =
  | { readonly name: string; readonly response: Response; readonly halfwayMs: number }
  | { readonly name: string; readonly response: null; readonly detail: string };

/** Asks one function for its part of an answer. A function that is unavailable, or too slow, does not answer. */
export async function askPart(c: AppContext, upstream: Upstream, request: Request): Promise<PartAnswer> {
  const { name } = upstream;
  const sentMs = Date.now();
  // `AbortSignal.any` does not keep an `AbortSignal.timeout` alive: collected as garbage, it never fires.
  const slow = new AbortController();
  setTimeout(() => slow.abort(), PART_MS_MAX).unref();
  const signal = AbortSignal.any([slow.signal, c.req.raw.signal]);
  const noAnswer = { name, response: null, detail: `${name} does not answer` } as const;
  // A call to another thread, or to a function here, knows of no signal.
  const tooLate = new Promise<null>((resolve) => signal.addEventListener('abort', () => resolve(null)));
  try {
    const answer = Promise.resolve(upstream.fetch(new Request(request, { signal }), requestIdOf(c)));
    answer.catch(() => undefined);
    const response = await Promise.race([answer, tooLate]);
    if (response === null) return noAnswer;
    if (response.status < 500) return { name, response, halfwayMs: (sentMs + Date.now()) / 2 };
    response.body?.cancel().catch(() => undefined);
    return { name, response: null, detail: `${name} answers with status ${response.status}` };
  } catch {
    return noAnswer;
  }
}
