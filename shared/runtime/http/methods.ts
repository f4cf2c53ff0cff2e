import type { IncomingMessage } from 'node:http';
import { codingOf, decoded, undecodableResponse } from './content-coding.ts';
import { isPreflight, preflightResponse } from './cors.ts';
import { MethodNotAllowed, problemResponse } from './problem.ts';

/** The methods that the app is asked with: a `Request` cannot be built for all others. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** The methods that some path takes. */
export const SERVED_METHODS = METHODS.filter((method) => method !== 'PATCH');

interface Env {
  readonly requestId: string;
}

/** Answers a request; `requestId` is its id in logs and responses. */
export type Fetch = (request: Request, env: Env) => Response | Promise<Response>;

/**
 * Asks the app in the way that each method needs. Most requests are handed on as they are.
 * @param corsOrigins origins whose pages may ask what they may send
 */
export function askApp(
  fetch: Fetch,
  request: Request,
  incoming: IncomingMessage,
  env: Env,
  corsOrigins: ReadonlySet<string>,
): Response | Promise<Response> {
  const { method } = request;
  if (method === 'GET') return fetch(request, env);
  if (method === 'HEAD') return head(fetch, request, env);
  if (!METHODS.includes(method)) return methodNotAllowedAt(fetch, request, env);
  if (isPreflight(method, incoming.headers, corsOrigins)) return preflight(fetch, request, incoming, env);
  const coding = codingOf(incoming);
  if (coding === null) return fetch(request, env);
  return decoded(request, incoming, coding).then((plain) => fetch(plain, env), undecodableResponse);
}

/** The answer to GET without its body. */
async function head(fetch: Fetch, { url, headers, signal }: Request, env: Env): Promise<Response> {
  const response = await fetch(new Request(url, { headers, signal }), env);
  const answered = new Headers(response.headers);
  if (answered.get('content-type')?.startsWith('text/event-stream') === true) await response.body?.cancel();
  else answered.set('content-length', String((await response.arrayBuffer()).byteLength));
  return new Response(null, { status: response.status, headers: answered });
}

/** The answer to a method that no path takes: it names those that this path takes. */
export async function methodNotAllowedAt(
  fetch: Fetch,
  { url, method, headers }: Pick<Request, 'url' | 'method' | 'headers'>,
  env: Env,
): Promise<Response> {
  const options = await fetch(new Request(url, { method: 'OPTIONS', headers }), env);
  const allow = options.headers.get('allow');
  return options.ok && allow !== null ? problemResponse(new MethodNotAllowed(method, allow.split(', '))) : options;
}

/** Where the path is not known, or cannot be asked now, the request itself may come, so that the page sees its answer. */
async function preflight(
  fetch: Fetch,
  { url, headers }: Request,
  incoming: IncomingMessage,
  env: Env,
): Promise<Response> {
  const options = await fetch(new Request(url, { method: 'OPTIONS', headers }), env);
  const allow = options.ok ? options.headers.get('allow') : null;
  return preflightResponse(incoming.headers, allow ?? SERVED_METHODS.join(', '));
}
