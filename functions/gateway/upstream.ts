import pRetry, { AbortError } from 'p-retry';
import { AppError } from '../../shared/core/errors.ts';
import { readText } from '../../shared/runtime/http/app.ts';

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
/** Belong to one connection, not to the message (RFC 9110, 7.6.1); `host` and `content-length` are set again. */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'host',
  'content-length',
];

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

async function attemptOnce(
  { url, timeoutMs }: RemoteOptions,
  request: Request,
  body: string | null,
  requestId: string,
): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const headers = new Headers(request.headers);
  for (const header of HOP_BY_HOP) headers.delete(header);
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
    return new Response(response.body, { status: response.status, headers: response.headers });
  } finally {
    clearTimeout(timer);
  }
}

class TimeoutError extends Error {
  constructor(timeoutMs: number) {
    super(`no answer in ${timeoutMs} ms`);
  }
}

function mayRepeat(request: Request, error: unknown): boolean {
  if (error instanceof TimeoutError || request.signal.aborted) return false;
  if (codeOf(error) === 'ECONNREFUSED') return true;
  return request.method !== 'POST' || request.headers.has('idempotency-key');
}

/** How long a client prefers to wait for an outcome, in milliseconds. */
function waitMs(request: Request): number {
  const match = /wait\s*=\s*"?(\d{1,3})/i.exec(request.headers.get('prefer') ?? '');
  return match === null ? 0 : Number(match[1]) * 1000;
}

function codeOf(error: unknown): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  return typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
