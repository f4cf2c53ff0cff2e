import { signal } from '@preact/signals';
import { type Problem, ProblemError, problemIn } from './problem.ts';

/** How often the store has refused a request because the caller is not signed in. */
export const refusals = signal(0);

/** Whether the caller is signed in, and the way in and out. */
export const SESSION_PATH = '/operations/session';

export interface SendOptions {
  readonly body?: unknown;
  /** Makes a repeat of the same command find the first answer. */
  readonly idempotencyKey?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** What the store answers, and the answer's headers. */
export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  /** Null for an answer without one. */
  readonly body: Body;
}

/** Reads `path`. @throws {ProblemError} */
export async function getJson<Body>(path: string, abort?: AbortSignal): Promise<Body> {
  return (await send<Body>('GET', path, abort === undefined ? {} : { signal: abort })).body;
}

/** Sends a request to this page's own host. @throws {ProblemError} for everything but a success. */
export async function send<Body>(method: string, path: string, options: SendOptions = {}): Promise<Answer<Body>> {
  const headers = new Headers({ accept: 'application/json', ...options.headers });
  if (options.body !== undefined) headers.set('content-type', 'application/json');
  if (options.idempotencyKey !== undefined) headers.set('idempotency-key', options.idempotencyKey);
  const init: RequestInit = { method, headers, credentials: 'same-origin' };
  if (options.body !== undefined) init.body = JSON.stringify(options.body);
  if (options.signal !== undefined) init.signal = options.signal;
  const response = await fetch(path, init).catch(throwUnlessAborted(unreachable));
  if (!response.ok) {
    if (response.status === 401 && path !== SESSION_PATH) refusals.value += 1;
    throw new ProblemError(await problemIn(response));
  }
  return { status: response.status, headers: response.headers, body: await bodyOf<Body>(response) };
}

const NO_CONTENT = 204;

async function bodyOf<Body>(response: Response): Promise<Body> {
  if (response.status === NO_CONTENT) return null as Body;
  const text = await response.text().catch(throwUnlessAborted(unreadable));
  try {
    return JSON.parse(text);
  } catch {
    throw new ProblemError(unreadable);
  }
}

/** What a request failed with becomes `problem`, unless its caller has broken it off. */
function throwUnlessAborted(problem: Problem): (error: unknown) => never {
  return (error) => {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ProblemError(problem);
  };
}

const unreachable: Problem = {
  title: 'No answer',
  detail: 'The store does not answer. Does it run, and is the network there?',
  status: 0,
};

const unreadable: Problem = {
  title: 'Unreadable answer',
  detail: 'The answer is not from the store, or is incomplete. Is there a proxy on the way, or did the store stop?',
  status: 0,
};
