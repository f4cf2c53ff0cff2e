import { z } from '@hono/zod-openapi';
import { idSchema } from '../../saga/messages.ts';
import { AppError } from '../../shared/core/errors.ts';
import { readJson } from '../../shared/core/json.ts';
import { REPLAY_MS_MAX } from '../../shared/runtime/dead-letters/bulk-replay.ts';
import { operatorsOnly } from '../../shared/runtime/dead-letters/routes.ts';
import { closeRequest, deadLetterSchema, groupsSchema } from '../../shared/runtime/dead-letters/schemas.ts';
import {
  type App,
  type AppContext,
  addPath,
  addRoute,
  answers,
  readText,
  requestIdOf,
} from '../../shared/runtime/http/app.ts';
import { isJson } from '../../shared/runtime/http/body.ts';
import { assertNoQuery } from '../../shared/runtime/http/query.ts';
import { forwarded } from './forward.ts';
import { type Upstream, upstreamOf } from './upstream.ts';

/** How long a bulk replay may take, with its last batch. */
const REPLAY_WAIT_S = Math.ceil(REPLAY_MS_MAX / 1000) + 30;

/**
 * The routes for dead letters: forwarded to the named function, except for requests that concern several functions. The
 * function authorizes the caller, from the header that is forwarded with each request. `orders` cancels orders.
 */
export function addGatewayDeadLetters(app: App, upstreams: readonly Upstream[], orders: Upstream): void {
  addAllGroups(app, upstreams);
  // The former path, for one more release. Each function redirects its own former paths.
  const redirected = (c: AppContext) => c.redirect(`/operations/dead-letters/groups${new URL(c.req.url).search}`, 308);
  addRoute(app, '/operations/letters/groups', new Map([['GET', redirected]]));
  app.post('/operations/:function/dead-letters/:letter/compensate', (c) => compensate(c, named(c, upstreams), orders));
  app.post('/operations/:function/dead-letters/replay', async (c) => {
    assertNoQuery(c.req.url);
    const request = forwarded(c, 'POST', new URL(c.req.url).pathname, await readText(c.req.raw));
    request.headers.set('prefer', `wait=${REPLAY_WAIT_S}`);
    return named(c, upstreams).fetch(request, requestIdOf(c));
  });
  app.all('/operations/:function/*', (c) => named(c, upstreams).fetch(c.req.raw, requestIdOf(c)));
}

/** Also for the documentation, which needs no upstreams. */
export function addAllGroups(app: App, upstreams: readonly Upstream[]): void {
  addPath(app, 'Dead letters', '/operations/dead-letters/groups', {
    get: {
      operationId: 'groupAllDeadLetters',
      description: 'Like the groups of each function, in one list.',
      summary: 'At the gateway: open dead letters of all functions, grouped by failure, the largest group first',
      security: operatorsOnly,
      responses: { 200: answers('The groups', groupsSchema) },
      handler: (c) => allGroups(c, upstreams),
    },
  });
}

async function allGroups(c: AppContext, upstreams: readonly Upstream[]): Promise<Response> {
  const responses = await Promise.all(
    upstreams.map((upstream) =>
      upstream.fetch(forwarded(c, 'GET', `/operations/${upstream.name}/dead-letters/groups`), requestIdOf(c)),
    ),
  );
  const refused = responses.find(({ ok }) => !ok);
  if (refused !== undefined) return refused;
  const parts = await Promise.all(responses.map(async (response) => groupsSchema.parse(await response.json())));
  const groups = parts.flatMap((part) => part.groups).sort((one, other) => other.count - one.count);
  return c.json({ groups, isWhole: parts.every(({ isWhole }) => isWhole) });
}

/**
 * Cancels the order of the dead letter, then closes the dead letter. After a crash between the two, a repeated request
 * does the rest: the idempotency key of the cancellation is derived from the dead letter.
 */
async function compensate(c: AppContext, upstream: Upstream, order: Upstream): Promise<Response> {
  assertNoQuery(c.req.url);
  const { pathname } = new URL(c.req.url);
  const requestId = requestIdOf(c);
  const text = await readText(c.req.raw);
  const close = () => upstream.fetch(forwarded(c, 'POST', pathname, text), requestId);
  const body = closeRequest.safeParse(isJson(c.req.header('content-type')) ? valueIn(text) : undefined);
  // The function answers what is wrong with the body.
  if (!body.success || body.data.dryRun) return close();

  const found = await upstream.fetch(forwarded(c, 'GET', pathname.replace(/\/compensate$/, '')), requestId);
  if (!found.ok) return found;
  const { letter, status, value } = deadLetterSchema.parse(await found.json());
  const orderId = orderIdIn(value);
  if (status !== 'open')
    throw new AppError('conflict', `dead letter ${letter} is ${status}, and only an open one can be resolved`);
  if (orderId === null) {
    throw new AppError('conflict', `dead letter ${letter} names no order that can be cancelled; discard it instead`);
  }
  const cancel = new Request(new URL(`/orders/${encodeURIComponent(orderId)}/cancel`, c.req.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': `compensate-${letter}` },
    body: JSON.stringify({ reason: body.data.reason }),
  });
  const cancelled = await order.fetch(cancel, requestId);
  return cancelled.ok ? close() : cancelled;
}

function named(c: AppContext, upstreams: readonly Upstream[]): Upstream {
  return upstreamOf(upstreams, c.req.param('function') ?? '');
}

function orderIdIn(value: string): string | null {
  const parsed = z.object({ orderId: idSchema }).safeParse(valueIn(value));
  return parsed.success ? parsed.data.orderId : null;
}

/** The JSON in a text; undefined where the function would refuse it. */
function valueIn(text: string): unknown {
  const read = readJson(text);
  return 'value' in read ? read.value : undefined;
}
