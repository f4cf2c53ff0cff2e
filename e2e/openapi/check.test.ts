/** The check finds each way in which a store and its document can differ: in a small store that lies once. */
import { z } from '@hono/zod-openapi';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../shared/core/errors.ts';
import {
  type AppContext,
  addPath,
  answers,
  createApp,
  header,
  problems,
  readBody,
  readQuery,
} from '../../shared/runtime/http/app.ts';
import { logLines } from '../../shared/testing/log-lines.ts';
import { OpenapiCheck } from './check.ts';
import { type Document, endpointsOf } from './document.ts';

const thingSchema = z.object({ thingId: z.string(), size: z.int().min(1).max(9) }).openapi('Thing');
const idSchema = z.string().regex(/^[a-z]{1,8}$/);
const requestSchema = z.strictObject({
  size: z.int().min(1).max(9),
  label: z.string().min(2).max(5).optional(),
  kind: z.enum(['small', 'large']),
  tags: z.array(z.string()).min(1).max(2).optional(),
});
const listSchema = z.strictObject({ size: z.enum(['1', '2']).optional() });

/** What the store does in place of what its document says. */
interface Lies {
  /** Instead of validating the body. */
  readonly create?: (c: AppContext) => Promise<Response>;
  readonly get?: (c: AppContext) => Response;
  readonly list?: (c: AppContext) => Response;
  /** Methods that the path of a thing serves besides. */
  readonly also?: 'put';
  /** What stands in the query is as if it were not there. */
  readonly ignoresQuery?: true;
}

/** A store of things, and the check of it. */
function storeWith({ create, get, list, also, ignoresQuery }: Lies = {}) {
  const app = createApp(logLines().logger);
  const location = header('The path of the thing', true);
  addPath(app, 'Things', '/things', {
    post: {
      operationId: 'makeThing',
      summary: 'Make a thing',
      needsData: false,
      request: { body: { content: { 'application/json': { schema: requestSchema } } } },
      responses: { 201: answers('The thing', thingSchema, 'application/json', { Location: location }) },
      handler:
        create ??
        (async (c) => {
          readQuery(c, z.strictObject({}));
          const { size } = await readBody(c, requestSchema);
          return named(c.json({ thingId: 'new', size }, 201, { location: '/things/new' }));
        }),
    },
    get: {
      operationId: 'listThings',
      summary: 'List things',
      needsData: false,
      request: { query: listSchema },
      responses: { 200: answers('The things', z.object({ things: z.array(thingSchema) })) },
      handler: (c) => {
        readQuery(c, listSchema);
        return named(list?.(c) ?? c.json({ things: [{ thingId: 'known', size: 1 }] }));
      },
    },
  });
  addPath(app, 'Things', '/things/{thingId}', {
    get: {
      operationId: 'getThing',
      summary: 'Get a thing',
      needsData: false,
      request: { params: z.object({ thingId: idSchema }) },
      responses: { 200: answers('The thing', thingSchema), ...problems(404) },
      handler: (c) => {
        const thingId = c.req.param('thingId') ?? '';
        if (get !== undefined) return get(c);
        readQuery(c, z.strictObject({}));
        if (thingId !== 'known') throw new AppError('not_found', `there is no thing ${thingId}`);
        return named(c.json({ thingId, size: 1 }));
      },
    },
  });
  const written = { openapi: '3.1.0', info: { title: 'things', version: '1' } };
  const document = JSON.parse(JSON.stringify(app.getOpenAPI31Document(written))) as Document;
  const served = createApp(logLines().logger);
  if (also !== undefined) served.put('/things/:thingId', (c) => c.json({}));
  served.route('/', app);
  const check = new OpenapiCheck(
    document,
    async (_, { method, target, headers, body }) => {
      const sent = method === 'GET' || method === 'HEAD' ? {} : { body: body ?? null };
      const seen = ignoresQuery === true ? target.replace(/\?.*/, '') : target;
      const response = named(await served.request(seen, { method, headers, ...sent }));
      return {
        status: response.status,
        headers: Object.fromEntries(response.headers),
        text: await response.text(),
      };
    },
    1,
  );
  return { check, document };
}

/** With the id that a server sets. */
function named(response: Response): Response {
  response.headers.set('x-request-id', 'mine');
  return response;
}

async function findingsOf(lies: Lies): Promise<readonly string[]> {
  const { check, document } = storeWith(lies);
  const found: string[] = [];
  for (const endpoint of endpointsOf(document)) found.push(...(await check.allowed(endpoint, 12)));
  for (const endpoint of endpointsOf(document)) found.push(...(await check.forbidden(endpoint, 2)));
  for (const path of Object.keys(document.paths)) found.push(...(await check.otherMethods(path)));
  return [...found, ...check.withoutSuccess().map((name) => `${name} has never succeeded`)];
}

const jsonOf = (c: AppContext) => c.req.json<{ size?: unknown; label?: string }>();

describe('the check of a store against its document', { timeout: 30_000 }, () => {
  it('finds nothing where the store does what its document says', async () => {
    expect(await findingsOf({})).toEqual([]);
  });

  it.each<[string, Lies, string]>([
    [
      'a status that is not declared',
      { get: (c) => c.json({ thingId: 'a', size: 1 }, 206) },
      'the status 206 is not declared',
    ],
    [
      'a field that is not declared',
      { get: (c) => c.json({ thingId: 'a', size: 1, secret: 1 }) },
      'must NOT have additional properties {"additionalProperty":"secret"}',
    ],
    [
      'a field that is missing',
      { list: (c) => c.json({ things: [{ size: 1 }] }) },
      "must have required property 'thingId'",
    ],
    ['a value out of its range', { get: (c) => c.json({ thingId: 'a', size: 10 }) }, '/size must be <= 9'],
    ['another content type', { list: (c) => c.text('things') }, 'the content type is text/plain'],
    [
      'a header that is missing',
      { create: async (c) => c.json({ thingId: 'a', size: (await readBody(c, requestSchema)).size }, 201) },
      'the header Location is missing',
    ],
    [
      'a body that is taken although its schema forbids it',
      { create: async (c) => taken(c, await readBody(c, requestSchema.extend({ label: z.string().optional() }))) },
      '/label too long: what the document forbids is answered with 201',
    ],
    [
      'a field that is taken although it is not known',
      { create: async (c) => taken(c, await readBody(c, z.object(requestSchema.shape))) },
      '/ with a field that is not known: what the document forbids is answered with 201',
    ],
    [
      'a list that is taken although it is too long',
      {
        create: async (c) =>
          taken(c, await readBody(c, requestSchema.extend({ tags: z.array(z.string()).optional() }))),
      },
      '/tags with too many items: what the document forbids is answered with 201',
    ],
    [
      'a body of another type that is taken',
      {
        create: async (c) => {
          const parsed = requestSchema.safeParse(await jsonOf(c).catch(() => null));
          if (!parsed.success) throw new AppError('invalid_request', 'this is no thing');
          return taken(c, parsed.data);
        },
      },
      'of the type text/plain: what the document forbids is answered with 201',
    ],
    [
      'a query parameter that is taken although it is not known',
      { ignoresQuery: true },
      'a query parameter that is not known: what the document forbids is answered with 201',
    ],
    [
      'a store that breaks on what is forbidden',
      { create: async (c) => taken(c, { size: (await jsonOf(c)).label?.length ?? 1 }) },
      'what the document forbids breaks the store: 500',
    ],
    [
      'an id that is taken although its pattern forbids it',
      { get: (c) => c.json({ thingId: 'a', size: 1 }) },
      'path thingId: / not of its pattern: what the document forbids is answered with 200',
    ],
    ['a method that is not declared', { also: 'put' }, 'PUT is not declared and is answered with 200'],
    [
      'an operation that refuses all that it allows',
      {
        create: () => {
          throw new AppError('invalid_request', 'never');
        },
      },
      'POST /things has never succeeded',
    ],
  ])('finds %s', async (_, lies, finding) => {
    const found = await findingsOf(lies);

    expect(
      found.some((each) => each.includes(finding)),
      found.slice(0, 5).join('\n'),
    ).toBe(true);
  });
});

function taken(c: AppContext, { size }: { readonly size: number }): Response {
  return c.json({ thingId: 'new', size }, 201, { location: '/things/new' });
}
