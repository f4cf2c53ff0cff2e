import { type RouteConfig, z } from '@hono/zod-openapi';
import { codesOf, problemCodes } from './problem.ts';

/**
 * What the OpenAPI document says about every operation, in one place: the problems that any request can meet, and the
 * headers of each response. A route says only what is its own.
 */

export type Method = 'get' | 'post' | 'put' | 'delete';
type Responses = RouteConfig['responses'];
/** A header of a response; `required` where each such response has it. */
export function header(description: string, required: boolean, schema: HeaderSchema = { type: 'string' }) {
  return { description, required, schema };
}
interface HeaderSchema {
  type: 'string' | 'integer';
  minimum?: number;
  enum?: string[];
  example?: string;
}
type Headers = Record<string, ReturnType<typeof header>>;

const requestId = (required: boolean): Headers => ({
  'X-Request-Id': header('The id of the request in the logs: the one that the client sent, or a new one', required),
});
const retryAfter = (required: boolean): Headers => ({
  'Retry-After': header('Seconds after which to try again', required, { type: 'integer', minimum: 0 }),
});

/** What each problem status means, and its headers. */
const PROBLEMS: Readonly<Record<number, readonly [description: string, headers?: Headers]>> = {
  400: ['The request cannot be read: its request line, a header, or JSON that is malformed'],
  401: [
    "The operators' token is missing or wrong, where OPERATIONS_TOKEN is set",
    { 'WWW-Authenticate': header('The scheme that the token is sent with', true) },
  ],
  403: ['The request comes from a web page of another origin'],
  404: ['There is nothing with this id'],
  405: [
    'The path does not allow this method: the answer to all methods that are not listed here',
    { Allow: header('The methods that the path allows', true) },
  ],
  409: ['The current state does not allow it'],
  408: ['The request did not arrive in time'],
  412: ['The thing has changed since: its ETag is not the one in If-Match'],
  413: ['The body is too large: it may have 1 MiB'],
  414: ['The address is too long'],
  415: [
    'The body is not application/json in UTF-8, or has an encoding that cannot be read',
    { 'Accept-Encoding': header('The codings that a body may have, where the one that it has is none of them', false) },
  ],
  417: ['The expectation of the request cannot be met'],
  421: ['The store does not answer to this host name'],
  422: ['The request can be read and is wrong: `errors` points to each wrong field'],
  429: ['Too many requests', retryAfter(true)],
  431: ['The header of the request is too large'],
  500: ['A bug; the details are in the log of the server'],
  503: ['Not available now; try again, a change with the same key', retryAfter(true)],
  505: ['This version of HTTP is not supported'],
  507: ['The disk is full', retryAfter(true)],
};

/** A string of a structured header (RFC 8941), or the same characters without quotes. */
const IDEMPOTENCY_KEY_FORM = /^(?:"(?:[!#-[\]-~]|\\["\\]){1,256}"|[!#-~]{1,256})$/;

/** Any request can be refused with these. Those without a code in this store are left out. */
const OF_EVERY_REQUEST = [400, 405, 408, 414, 417, 421, 422, 431, 500, 505];
const OF_EVERY_CHANGE = [403, 413, 415];
/** Statuses of requests that can be refused before they reach the app, and have no id then. */
const BEFORE_THE_APP = [400, 408, 413, 414, 417, 431, 505];

/** The schema of a problem response. The functions have codes of their own beside these. */
const problemSchema = z
  .object({
    type: z.string().openapi({ description: 'Always about:blank: `code` tells problems apart' }),
    title: z.string().openapi({ description: 'What the code means' }),
    status: z.int().min(400).max(599).openapi({ description: 'The status of the response' }),
    detail: z.string().openapi({ description: 'What is wrong with this request, and what to do' }),
    code: z.enum(problemCodes).openapi({ description: 'A stable word for programs' }),
    errors: z
      .array(
        z.object({
          pointer: z.string().openapi({ description: 'Where the field is: an RFC 6901 pointer' }),
          detail: z.string().openapi({ description: 'What is wrong with it' }),
        }),
      )
      .optional()
      .openapi({ description: 'The wrong fields, where there are some' }),
  })
  .openapi('Problem', {
    description: 'RFC 9457',
    example: {
      type: 'about:blank',
      title: 'The request is not valid',
      status: 422,
      detail: 'the body is not valid at /quantity: must be at least 1',
      code: 'invalid_request',
      errors: [{ pointer: '/quantity', detail: 'must be at least 1' }],
    },
  });

/** The headers of what can be repeated with the same key; `rule` says when the key has to be there. */
export function idempotencyHeaders(rule: string) {
  return z.object({
    'Idempotency-Key': z
      .string()
      .regex(IDEMPOTENCY_KEY_FORM)
      .optional()
      .openapi({
        description:
          `${rule} 1 to 256 visible ASCII characters, with or without the quotes of a structured header. A repeat with the ` +
          'same key and body changes nothing and gets the same answer, with Idempotent-Replayed; with another body it gets 422',
        example: '72029ae3-9876-4d2f-a0ae-aaee86b8ec34',
      }),
  });
}

/** The header of an answer to a repeated request. */
export const replayHeader: Headers = {
  'Idempotent-Replayed': header('The request is a repeat: it was done before, and nothing is changed now', false, {
    type: 'string',
    enum: ['true'],
  }),
};

/** The header that leads to what was made. */
export function locationHeader(what: string, example: string): Headers {
  return { Location: header(`The path of ${what}`, true, { type: 'string', example }) };
}

/** A response of one media type, with its own headers. */
export function answers(description: string, schema: z.ZodType, type = 'application/json', headers: Headers = {}) {
  return { description, headers, content: { [type]: { schema } } };
}

/** Problem responses with these statuses. Those that every operation of its kind has are added by {@link responsesOf}. */
export function problems(...statuses: readonly number[]) {
  return Object.fromEntries(
    statuses.map((status) => {
      const [description = 'A problem; its detail says which', headers] = PROBLEMS[status] ?? [];
      const codes = codesOf(status).map((code) => `\`${code}\``);
      const text = codes.length === 0 ? description : `${description}. Code: ${codes.join(' or ')}`;
      return [status, answers(text, problemSchema, 'application/problem+json', headers)];
    }),
  );
}

/** What decides which problems an operation can meet. */
export interface Kind {
  readonly method: Method;
  readonly path: string;
  readonly request?: NonNullable<RouteConfig['request']>;
  readonly security?: NonNullable<RouteConfig['security']>;
  /** False where the answer needs no data: then it cannot be unavailable, and it changes nothing. */
  readonly needsData?: boolean;
  readonly responses: Responses;
}

/**
 * All responses of an operation: its own ones, those that every operation of its kind can have, and in each of them the
 * headers that every response has.
 */
export function responsesOf(kind: Kind): Responses {
  const { method, path, security, needsData = true, responses } = kind;
  const isChange = method !== 'get';
  const statuses = [
    ...OF_EVERY_REQUEST,
    ...(isChange ? OF_EVERY_CHANGE : []),
    ...(path.includes('{') ? [404] : []),
    ...(security === undefined ? [] : [401]),
    ...(needsData ? [503] : []),
    ...(needsData && isChange ? [507] : []),
  ].filter((status) => codesOf(status).length > 0);
  return Object.fromEntries(
    Object.entries({ ...problems(...statuses), ...responses }).map(([status, response]) => {
      if ('$ref' in response) return [status, response];
      return [
        status,
        { ...response, headers: { ...requestId(!BEFORE_THE_APP.includes(Number(status))), ...response.headers } },
      ];
    }),
  );
}

/** The parts of a request, with what holds for every operation: a body that is documented has to be there. */
export function requestOf({ request }: Kind): NonNullable<RouteConfig['request']> {
  if (request?.body === undefined) return { ...request };
  return { ...request, body: { required: true, ...request.body } };
}
