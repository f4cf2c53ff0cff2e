import type { IncomingHttpHeaders, ServerResponse } from 'node:http';

/** How long a browser may keep the answer to a preflight request, in seconds. */
const MAX_AGE_S = 600;
const ALLOWED_HEADERS = [
  'authorization',
  'content-encoding',
  'content-type',
  'idempotency-key',
  'if-match',
  'if-none-match',
  'last-event-id',
  'prefer',
  'traceparent',
  'x-request-id',
].join(', ');
const EXPOSED_HEADERS = [
  'accept-encoding',
  'allow',
  'etag',
  'idempotent-replayed',
  'link',
  'location',
  'preference-applied',
  'retry-after',
  'x-request-id',
].join(', ');
const PRIVATE_NETWORK = 'access-control-request-private-network';

/** Lets pages of a listed origin read the answer, whatever it is. To be called before the answer is written. */
export function shareWithOrigin(
  outgoing: ServerResponse,
  { origin }: IncomingHttpHeaders,
  allowed: ReadonlySet<string>,
): void {
  // Also where there is no origin: a cache must not give that answer to a page.
  outgoing.setHeader('vary', 'Origin');
  if (origin === undefined || !allowed.has(origin)) return;
  outgoing.setHeader('access-control-allow-origin', origin);
  outgoing.setHeader('access-control-expose-headers', EXPOSED_HEADERS);
}

/** What an answer says that it varies by takes the place of what was said before, so it says that too. */
export async function variedByOrigin(answer: Response | Promise<Response>): Promise<Response> {
  const response = await answer;
  const varies = response.headers.get('vary');
  if (varies !== null && !/\borigin\b/i.test(varies)) response.headers.append('vary', 'Origin');
  return response;
}

/** Whether a browser asks what a page of a listed origin may send. */
export function isPreflight(method: string, headers: IncomingHttpHeaders, allowed: ReadonlySet<string>): boolean {
  const { origin } = headers;
  return (
    method === 'OPTIONS' &&
    origin !== undefined &&
    headers['access-control-request-method'] !== undefined &&
    allowed.has(origin)
  );
}

/** The answer to a preflight request. `allow`: the methods of the path. */
export function preflightResponse(headers: IncomingHttpHeaders, allow: string): Response {
  return new Response(null, {
    status: 204,
    headers: {
      allow,
      'access-control-allow-methods': allow,
      'access-control-allow-headers': ALLOWED_HEADERS,
      'access-control-max-age': String(MAX_AGE_S),
      ...(headers[PRIVATE_NETWORK] === 'true' ? { 'access-control-allow-private-network': 'true' } : {}),
      vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
    },
  });
}
