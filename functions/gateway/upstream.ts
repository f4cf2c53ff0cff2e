import pRetry, { AbortError } from 'p-retry';
import { AppError } from '../../shared/core/errors.ts';
import { readText } from '../../shared/runtime/http/app.ts';
import { preferredWaitS } from '../../shared/runtime/http/headers.ts';

/** A function as the gateway reaches it. */
export interface Upstream {
  readonly name: string;
  /** @throws {AppError} `unavailable` when the function is unavailable. */
  fetch(request: Request, requestId: string): Response | Promise<Response>;
}

/** The function of this name. @throws {AppError} `not_found` when there is none. */
export function upstreamOf(upstreams: readonly Upstream[], name: string): Upstream {
  const upstream = upstreams.find((each) => each.name === name);
  if (upstream !== undefined) return upstream;
  throw new AppError('not_found', `there is no function ${name.slice(0, 64)}`);
}

/** The same function, which is sent no cookies: those are between a browser and the gateway. */
export function withoutCookies(upstream: Upstream): Upstream {
  return {
    name: upstream.name,
    fetch(request, requestId) {
      if (!request.headers.has('cookie')) return upstream.fetch(request, requestId);
      const headers = new Headers(request.headers);
      headers.delete('cookie');
      return upstream.fetch(new Request(request, { headers }), requestId);
    },
  };
}

/** A function in this process: called directly, without the network. */
export function localUpstream(
  name: string,
  app: { fetch(request: Request, env: { requestId: string }): Response | Promise<Response> },
): Upstream {
  return { name, fetch: (request, requestId) => app.fetch(request, { requestId }) };
}

export interface RemoteOptions {
  readonly name: string;
  readonly url: string;
  /** Time for one attempt until the answer begins; the time that a client prefers to wait is added. */
  readonly timeoutMs: number;
  /** How many more attempts are made when the function is unavailable. */
  readonly retries: number;
}

const RETRY_FIRST_MS = 50;
/** No function lets a client wait longer. */
const WAIT_MAX_S = 600;
/** Belong to one connection, not to the message (RFC 9110, 7.6.1). */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];
/** Are set again, or have been met. */
const OF_THIS_REQUEST = ['host', 'content-length', 'expect'];
/** What a browser says of its page. The gateway has judged it: here it is the client. */
const OF_THE_PAGE = ['origin', 'sec-fetch-site', 'sec-fetch-mode', 'sec-fetch-dest'];

/**
 * A function in another process. When it is unavailable, reads and repeatable writes are retried for a moment; a
 * request that timed out is not retried.
 */
export function remoteUpstream(options: RemoteOptions): Upstream {
  const { name, retries } = options;
  return {
    name,
    async fetch(request, requestId) {
      const body = request.method === 'GET' || request.method === 'HEAD' ? null : await readText(request);
      const attempt = async () => {
        try {
          return await attemptOnce(options, request, body, requestId);
        } catch (error) {
          throw mayRepeat(request, error) ? error : new AbortError(asError(error));
        }
      };
      try {
        return await pRetry(attempt, { retries, minTimeout: RETRY_FIRST_MS, randomize: true });
      } catch (cause) {
        if (request.signal.aborted) throw cause;
        throw new AppError('unavailable', `${name} is unavailable; nothing is lost, try again`, {
          retryAfterS: 2,
          cause,
        });
      }
    },
  };
}

/** Keeps an answer as long as its body: Node cancels the body, unread, of an answer that is collected as garbage. */
const answerOf = new WeakMap<ReadableStream, Response>();

async function attemptOnce(
  { url, timeoutMs }: RemoteOptions,
  request: Request,
  body: string | null,
  requestId: string,
): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const headers = endToEnd(request.headers, [...OF_THIS_REQUEST, ...OF_THE_PAGE]);
  headers.set('x-request-id', requestId);
  const tooLate = new AbortController();
  const timer = setTimeout(() => tooLate.abort(new TimeoutError(timeoutMs)), timeoutMs + waitMs(request));
  try {
    const response = await fetch(new URL(pathname + search, url), {
      method: request.method,
      headers,
      body,
      redirect: 'manual',
      signal: AbortSignal.any([tooLate.signal, request.signal]),
    });
    if (response.body !== null) answerOf.set(response.body, response);
    // `fetch` has decoded the body.
    const decoded = response.headers.has('content-encoding') ? ['content-encoding', 'content-length'] : [];
    return new Response(response.body, { status: response.status, headers: endToEnd(response.headers, decoded) });
  } finally {
    clearTimeout(timer);
  }
}

/** The headers that are meant for the other end, without these. */
function endToEnd(received: Headers, without: readonly string[]): Headers {
  const headers = new Headers(received);
  const named = (headers.get('connection') ?? '').split(',').map((name) => name.trim());
  const ofThisConnection = named.filter((name) => /^[\w-]+$/.test(name));
  for (const header of [...ofThisConnection, ...HOP_BY_HOP, ...without]) headers.delete(header);
  return headers;
}

class TimeoutError extends Error {
  constructor(timeoutMs: number) {
    super(`no answer in ${timeoutMs} ms`);
  }
}

function mayRepeat(request: Request, error: unknown): boolean {
  if (error instanceof TimeoutError || request.signal.aborted) return false;
  if (codeOf(error) === 'ECONNREFUSED') return true;
  if (request.method === 'GET' || request.method === 'HEAD' || request.headers.has('idempotency-key')) return true;
  // After a change that took effect unheard, its own condition would no longer hold.
  return request.method !== 'POST' && !request.headers.has('if-match') && !request.headers.has('if-none-match');
}

/** How long a client prefers to wait for an outcome, in milliseconds. */
function waitMs(request: Request): number {
  return Math.min(preferredWaitS(request.headers.get('prefer')) ?? 0, WAIT_MAX_S) * 1000;
}

function codeOf(error: unknown): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  return typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
