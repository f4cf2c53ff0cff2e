import { OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context, Env, Handler } from 'hono';
import { AppError } from '../../core/errors.ts';
import { safeParseInput } from '../../core/issue-sentence.ts';
import { describeError } from '../observe/error-report.ts';
import type { Logger } from '../observe/logger.ts';
import { assertJson, assertUtf8, jsonOf, textOf } from './body.ts';
import { CachingRouter } from './caching-router.ts';
import { type Kind, type Method, requestOf, responsesOf } from './documentation.ts';
import { idempotencyKeyIn } from './headers.ts';
import { invalid, MethodNotAllowed, problemResponse } from './problem.ts';
import { assertNoQuery, queryOf, targetProblem } from './query.ts';

export { answers, header, idempotencyHeaders, locationHeader, problems, replayHeader } from './documentation.ts';

/** The largest body that is accepted. */
export const BODY_MAX_BYTES = 1024 * 1024;
/** A longer body that is at most this long is read and discarded, so that its sender reads the answer. */
export const DISCARD_MAX_BYTES = 16 * BODY_MAX_BYTES;

/** `requestId` comes from the server, or from a gateway in the same process, which calls the app directly. */
export interface AppEnv extends Env {
  Bindings: { readonly requestId?: string };
}
export type App = OpenAPIHono<AppEnv>;
export type AppContext = Context<AppEnv>;

/** An app with what every function needs: every error becomes a problem response. */
export function createApp(logger: Logger): App {
  const app = new OpenAPIHono<AppEnv>({ router: new CachingRouter() });
  const { fetch } = app;
  app.fetch = (request, ...rest) => {
    const problem = targetProblem(request.url);
    return problem === null ? fetch(request, ...rest) : problemResponse(problem);
  };
  app.notFound((c) => problemResponse(nothingAt(app, new URL(c.req.url).pathname)));
  app.onError((error, c) => {
    // A client that disconnects is not a bug.
    if (!(error instanceof AppError) && !c.req.raw.signal.aborted) {
      const { method, url } = c.req;
      logger.error({ requestId: requestIdOf(c), method, url, error: describeError(error) }, 'a request failed');
    }
    return problemResponse(error);
  });
  return app;
}

function nothingAt({ router }: App, path: string): AppError {
  // What is in front of every path is found as well.
  const handlersAt = (at: string) => router.match('GET', at)[0].length;
  const isThere = /[^/]\/$/.test(path) && handlersAt(path.slice(0, -1)) > handlersAt(path);
  const hint = isThere ? '; try it without the slash at its end' : '';
  return new AppError('not_found', `there is nothing at ${path}${hint}`);
}

/** The id of the request in logs and responses. Every server sets one; without a server it is `unnamed`. */
export function requestIdOf(c: AppContext): string {
  return c.env?.requestId ?? 'unnamed';
}

/** An operation of the API: what it does, and what the document says about it. */
interface Operation extends Omit<Kind, 'method' | 'path'> {
  /** The name of the operation for generated clients: unique in the store, camelCase, and never changed. */
  readonly operationId?: string;
  readonly summary: string;
  readonly description?: string;
  readonly deprecated?: boolean;
  /** False for a change without a body: what a client sends as one would have no effect, and is refused. */
  readonly takesBody?: false;
  readonly handler: Handler<AppEnv>;
}

/**
 * Adds a path of the API with its operations, documented and served from the same values. `path` is an OpenAPI path
 * (`/orders/{orderId}`). Any other method is answered with 405. The document says for each operation which problems its kind
 * can meet (`documentation.ts`), so a route lists only those of its own.
 */
export function addPath(
  app: App,
  tag: string,
  path: string,
  operations: Partial<Readonly<Record<Method, Operation>>>,
): void {
  const route = path.replaceAll(/\{(\w+)\}/g, ':$1');
  const handlers = new Map<string, Handler<AppEnv>>();
  for (const [method, operation] of Object.entries(operations) as [Method, Operation][]) {
    const { handler, needsData: _, takesBody = true, ...documented } = operation;
    const takesQuery = operation.request?.query !== undefined;
    const kind = { ...operation, method, path };
    app.openAPIRegistry.registerPath({
      ...documented,
      // Read when the document is made, which most processes never do.
      get request() {
        return requestOf(kind);
      },
      get responses() {
        return responsesOf(kind);
      },
      method,
      path,
      tags: [tag],
    });
    const checked = takesBody ? handler : withoutBody(handler);
    handlers.set(method.toUpperCase(), takesQuery ? checked : withoutQuery(checked));
  }
  addRoute(app, route, handlers);
}

/**
 * Adds a path that is not part of the documented API, with a handler for each method. `route` is a path in Hono's words.
 * HEAD is answered as GET is, OPTIONS with the methods, any other method with 405.
 */
export function addRoute(app: App, route: string, handlers: ReadonlyMap<string, Handler<AppEnv>>): void {
  const all = new Map(handlers);
  const get = all.get('GET');
  if (get !== undefined) all.set('HEAD', get);
  const allowed = [...all.keys(), 'OPTIONS'];
  all.set('OPTIONS', () => new Response(null, { status: 204, headers: { allow: allowed.join(', ') } }));
  // One handler for all methods: Hono calls a single handler directly, but composes several for every request.
  app.all(route, (c, next) => {
    const handler = all.get(c.req.method);
    if (handler === undefined) throw new MethodNotAllowed(c.req.method, allowed);
    return handler(c, next);
  });
}

/** The handler of an operation that takes no query: what a client sends as one would have no effect. */
function withoutQuery(handler: Handler<AppEnv>): Handler<AppEnv> {
  return (c, next) => {
    assertNoQuery(c.req.url);
    return handler(c, next);
  };
}

/** The handler of a change that takes no body. An empty object, as some clients send it always, says nothing either. */
function withoutBody(handler: Handler<AppEnv>): Handler<AppEnv> {
  return (c, next) => {
    if (c.req.raw.body === null) return handler(c, next);
    return readText(c.req.raw).then((text) => {
      if (text !== '') parsedBody(c, text, nothing);
      return handler(c, next);
    });
  };
}

/** Adds a path that is only read, and is not part of the documented API. */
export function addPage(app: App, path: string, handler: Handler<AppEnv>): void {
  addRoute(app, path, new Map([['GET', withoutQuery(handler)]]));
}

/** The body, parsed by `schema`. @throws {AppError} 415, 400 or 422 with a pointer to each invalid field. */
export async function readBody<Schema extends z.ZodType>(c: AppContext, schema: Schema): Promise<z.infer<Schema>> {
  assertJson(c.req.header('content-type'));
  return parsedBody(c, await readText(c.req.raw), schema);
}

const nothing = z.strictObject({});

function parsedBody<Schema extends z.ZodType>(c: AppContext, text: string, schema: Schema): z.infer<Schema> {
  assertJson(c.req.header('content-type'));
  const parsed = safeParseInput(schema, jsonOf(text));
  if (!parsed.success) throw invalid(parsed.error, 'the body');
  return parsed.data;
}

/**
 * The whole body. A body that is too long is read to its end and discarded, up to a limit: a client that is answered
 * while it still sends sees a broken connection instead of the answer.
 * @throws {AppError} 413 when it is longer than {@link BODY_MAX_BYTES}, 415 or 400 when it is not in UTF-8.
 */
export async function readText(request: Request): Promise<string> {
  assertUtf8(request.headers.get('content-type'));
  const declared = request.headers.get('content-length');
  // As bytes: `text()` would replace what is not UTF-8.
  if (declared !== null && Number(declared) <= BODY_MAX_BYTES)
    return textOf(new Uint8Array(await request.arrayBuffer()));
  if (declared !== null && Number(declared) > DISCARD_MAX_BYTES) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.byteLength;
    if (length <= BODY_MAX_BYTES) chunks.push(chunk);
    if (length > DISCARD_MAX_BYTES) throw tooLarge();
  }
  if (length > BODY_MAX_BYTES) throw tooLarge();
  return textOf(Buffer.concat(chunks));
}

export function tooLarge(): AppError {
  return new AppError('body_too_large', `a body may have at most ${BODY_MAX_BYTES} bytes`);
}

/** The query, parsed by `schema`. @throws {AppError} 422. */
export function readQuery<Schema extends z.ZodType>(c: AppContext, schema: Schema): z.infer<Schema> {
  const parsed = safeParseInput(schema, queryOf(c.req.url));
  if (!parsed.success) throw invalid(parsed.error, 'the query');
  return parsed.data;
}

/** The client's `Idempotency-Key`; null when it is absent. @throws {AppError} 400 for one that is not well-formed. */
export function idempotencyKey(c: AppContext): string | null {
  const header = c.req.header('idempotency-key');
  return header === undefined ? null : idempotencyKeyIn(header);
}

/** The W3C trace context of the request; undefined when it is absent or malformed. */
export function traceparent(c: AppContext): string | undefined {
  const header = c.req.header('traceparent');
  return header !== undefined && /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(header)
    ? header
    : undefined;
}
