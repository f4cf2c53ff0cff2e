import { OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi';
import type { Context, Env, Handler } from 'hono';
import { AppError } from '../../core/errors.ts';
import { describeError } from '../observe/error-report.ts';
import type { Logger } from '../observe/logger.ts';
import { CachingRouter } from './caching-router.ts';
import { invalid, MethodNotAllowed, problemResponse } from './problem.ts';

/** The largest body that is accepted. */
const BODY_MAX_BYTES = 1024 * 1024;
const DISCARD_MAX_BYTES = 16 * BODY_MAX_BYTES;
const KEY_FORM = /^[\x21-\x7e]{1,256}$/;

/** `requestId` comes from the server, or from a gateway in the same process, which calls the app directly. */
export interface AppEnv extends Env {
  Bindings: { readonly requestId?: string };
}
export type App = OpenAPIHono<AppEnv>;
export type AppContext = Context<AppEnv>;

/** An app with what every function needs: every error becomes a problem response. */
export function createApp(logger: Logger): App {
  const app = new OpenAPIHono<AppEnv>({ router: new CachingRouter() });
  app.notFound((c) => problemResponse(new AppError('not_found', `there is nothing at ${new URL(c.req.url).pathname}`)));
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

/** The id of the request in logs and responses. Every server sets one; without a server it is `unnamed`. */
export function requestIdOf(c: AppContext): string {
  return c.env?.requestId ?? 'unnamed';
}

type Method = 'get' | 'post' | 'put' | 'delete';
interface Operation {
  readonly summary: string;
  readonly request?: RouteConfig['request'];
  /** The OpenAPI security requirement of the operation. */
  readonly security?: RouteConfig['security'];
  readonly responses: RouteConfig['responses'];
  readonly handler: Handler<AppEnv>;
}

/**
 * Adds a path of the API with its operations, documented and served from the same values. `path` is an OpenAPI path
 * (`/orders/{orderId}`). Any other method is answered with 405.
 */
export function addPath(
  app: App,
  tag: string,
  path: string,
  operations: Partial<Readonly<Record<Method, Operation>>>,
): void {
  const route = path.replaceAll(/\{(\w+)\}/g, ':$1');
  const methods = Object.keys(operations) as Method[];
  const handlers = new Map<string, Handler<AppEnv>>();
  for (const method of methods) {
    const { summary, request, security, responses, handler } = operations[method] as Operation;
    app.openAPIRegistry.registerPath({
      method,
      path,
      tags: [tag],
      summary,
      responses,
      ...(request ? { request } : {}),
      ...(security ? { security } : {}),
    });
    handlers.set(method.toUpperCase(), handler);
  }
  const get = handlers.get('GET');
  if (get !== undefined) handlers.set('HEAD', get);
  // One handler for all methods: Hono calls a single handler directly, but composes several for every request.
  app.all(route, (c, next) => {
    const handler = handlers.get(c.req.method);
    if (handler === undefined) throw new MethodNotAllowed(c.req.method, [...handlers.keys()]);
    return handler(c, next);
  });
}

/** The body, parsed by `schema`. @throws {AppError} 415, 400 or 422 with a pointer to each invalid field. */
export async function readBody<Schema extends z.ZodType>(c: AppContext, schema: Schema): Promise<z.infer<Schema>> {
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    throw new AppError('unsupported_media_type', `the body must be application/json and is ${type ?? 'of no type'}`);
  }
  const text = await readText(c.req.raw);
  const parsed = schema.safeParse(parseJson(text));
  if (!parsed.success) throw invalid(parsed.error, 'the body');
  return parsed.data;
}

/**
 * The whole body. A body that is too long is read to its end and discarded, up to a limit: a client that is answered
 * while it still sends sees a broken connection instead of the answer.
 * @throws {AppError} 413 when it is longer than {@link BODY_MAX_BYTES}.
 */
export async function readText(request: Request): Promise<string> {
  const declared = request.headers.get('content-length');
  if (declared !== null && Number(declared) <= BODY_MAX_BYTES) return request.text();
  if (declared !== null && Number(declared) > DISCARD_MAX_BYTES) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.byteLength;
    if (length <= BODY_MAX_BYTES) chunks.push(chunk);
    if (length > DISCARD_MAX_BYTES) throw tooLarge();
  }
  if (length > BODY_MAX_BYTES) throw tooLarge();
  return Buffer.concat(chunks).toString();
}

function tooLarge(): AppError {
  return new AppError('body_too_large', `a body may have at most ${BODY_MAX_BYTES} bytes`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AppError('malformed_request', `the body is not JSON: ${error instanceof Error ? error.message : error}`);
  }
}

/** The query, parsed by `schema`. @throws {AppError} 422. */
export function readQuery<Schema extends z.ZodType>(c: AppContext, schema: Schema): z.infer<Schema> {
  const parsed = schema.safeParse(c.req.query());
  if (!parsed.success) throw invalid(parsed.error, 'the query');
  return parsed.data;
}

/**
 * The client's `Idempotency-Key`, with or without the quotes of a structured header; null when it is absent.
 * @throws {AppError} 400 when it is not 1 to 256 visible ASCII characters.
 */
export function idempotencyKey(c: AppContext): string | null {
  const header = c.req.header('idempotency-key')?.trim();
  if (header === undefined) return null;
  const key = /^"(.*)"$/.exec(header)?.[1] ?? header;
  if (KEY_FORM.test(key)) return key;
  throw new AppError('malformed_request', 'Idempotency-Key must have 1 to 256 visible ASCII characters');
}

/** The W3C trace context of the request; undefined when it is absent or malformed. */
export function traceparent(c: AppContext): string | undefined {
  const header = c.req.header('traceparent');
  return header !== undefined && /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(header)
    ? header
    : undefined;
}

/** The schema of a problem response, for the documentation. */
const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
  })
  .openapi('Problem');

/** A response of one media type, for the documentation. */
export function answers(description: string, schema: z.ZodType, type = 'application/json') {
  return { description, content: { [type]: { schema } } };
}

/** Problem responses with these statuses, for the documentation. */
export function problems(...statuses: readonly number[]) {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      answers('A problem, with its reason', problemSchema, 'application/problem+json'),
    ]),
  );
}
