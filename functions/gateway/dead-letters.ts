import { z } from '@hono/zod-openapi';
import { idSchema } from '../../saga/messages.ts';
import { AppError } from '../../shared/core/errors.ts';
import { REPLAY_MS_MAX } from '../../shared/runtime/dead-letters/bulk-replay.ts';
import { operatorsOnly } from '../../shared/runtime/dead-letters/routes.ts';
import { closeRequest, deadLetterSchema, groupsSchema } from '../../shared/runtime/dead-letters/schemas.ts';
import {
  type App,
  type AppContext,
  addPath,
  answers,
  problems,
  readText,
  requestIdOf,
} from '../../shared/runtime/http/app.ts';
import { type Upstream, upstreamOf } from './upstream.ts';

/** How long many replays may take, with the last wave. */
const REPLAY_WAIT_S = Math.ceil(REPLAY_MS_MAX / 1000) + 30;

/**
 * The routes about dead letters: forwarded to the function that is named, except what concerns several functions. Whether the
 * caller may is for the function to say, from the header that goes with each request. `orders` cancels orders.
 */
export function addGatewayDeadLetters(app: App, upstreams: readonly Upstream[], orders: Upstream): void {
  addAllGroups(app, upstreams);
  // The former path, for one more release; those of a single function are redirected by the function.
  app.get('/operations/letters/groups', (c) => c.redirect('/operations/dead-letters/groups', 308));
  app.post('/operations/:function/dead-letters/:letter/compensate', (c) => compensate(c, named(c, upstreams), orders));
  app.post('/operations/:function/dead-letters/replay', async (c) => {
    const request = again(c, 'POST', new URL(c.req.url).pathname, await readText(c.req.raw));
    request.headers.set('prefer', `wait=${REPLAY_WAIT_S}`);
    return named(c, upstreams).fetch(request, requestIdOf(c));
  });
  app.all('/operations/:function/*', (c) => named(c, upstreams).fetch(c.req.raw, requestIdOf(c)));
}

/** Also for the documentation, which needs no upstreams. */
export function addAllGroups(app: App, upstreams: readonly Upstream[]): void {
  addPath(app, 'Dead letters', '/operations/dead-letters/groups', {
    get: {
      summary: 'At the gateway: open letters of all functions by what went wrong, the largest group first',
      security: operatorsOnly,
      responses: { 200: answers('The groups', groupsSchema), ...problems(401, 404, 503) },
      handler: (c) => allGroups(c, upstreams),
    },
  });
}

async function allGroups(c: AppContext, upstreams: readonly Upstream[]): Promise<Response> {
  const responses = await Promise.all(
    upstreams.map((upstream) =>
      upstream.fetch(again(c, 'GET', `/operations/${upstream.name}/dead-letters/groups`), requestIdOf(c)),
    ),
  );
  const refused = responses.find(({ ok }) => !ok);
  if (refused !== undefined) return refused;
  const parts = await Promise.all(responses.map(async (response) => groupsSchema.parse(await response.json())));
  const groups = parts.flatMap((part) => part.groups).sort((one, other) => other.count - one.count);
  return c.json({ groups, isWhole: parts.every(({ isWhole }) => isWhole) });
}

/**
 * First the order of the letter is cancelled, then the letter is closed. When the program dies between the two, asking again
 * does the rest: the key of the cancellation is that of the letter.
 */
async function compensate(c: AppContext, upstream: Upstream, order: Upstream): Promise<Response> {
  const { pathname } = new URL(c.req.url);
  const requestId = requestIdOf(c);
  const text = await readText(c.req.raw);
  const decision = () => upstream.fetch(again(c, 'POST', pathname, text), requestId);
  const body = closeRequest.safeParse(parsedOrNull(text));
  // The function says what is wrong with it.
  if (!body.success || body.data.dryRun) return decision();

  const found = await upstream.fetch(again(c, 'GET', pathname.replace(/\/compensate$/, '')), requestId);
  if (!found.ok) return found;
  const { letter, status, value } = deadLetterSchema.parse(await found.json());
  const orderId = orderIdIn(value);
  if (status !== 'open')
    throw new AppError('conflict', `letter ${letter} is ${status}, and only an open one can be decided`);
  if (orderId === null) {
    throw new AppError('conflict', `letter ${letter} names no order that could be cancelled; discard it instead`);
  }
  const cancel = new Request(new URL(`/orders/${encodeURIComponent(orderId)}/cancel`, c.req.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': `compensate-${letter}` },
    body: JSON.stringify({ reason: body.data.reason }),
  });
  const cancelled = await order.fetch(cancel, requestId);
  return cancelled.ok ? decision() : cancelled;
}

function named(c: AppContext, upstreams: readonly Upstream[]): Upstream {
  return upstreamOf(upstreams, c.req.param('function') ?? '');
}

/** Another request of the same caller. */
function again(c: AppContext, method: 'GET' | 'POST', path: string, body?: string): Request {
  const headers = new Headers();
  for (const name of ['authorization', 'content-type', 'accept', 'traceparent']) {
    const value = c.req.header(name);
    if (value !== undefined && (method === 'POST' || name !== 'content-type')) headers.set(name, value);
  }
  return new Request(new URL(path, c.req.url), { method, headers, ...(body === undefined ? {} : { body }) });
}

function parsedOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function orderIdIn(value: string): string | null {
  const parsed = z.object({ orderId: idSchema }).safeParse(parsedOrNull(value));
  return parsed.success ? parsed.data.orderId : null;
}
