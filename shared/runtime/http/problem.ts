import type { z } from 'zod';
import { AppError, type ErrorCode, type FieldError } from '../../core/errors.ts';
import { pointerTo } from '../../core/json-pointer.ts';

/** The HTTP status and the title of each code. */
const PROBLEMS: Readonly<Record<ErrorCode, readonly [status: number, title: string]>> = {
  malformed_request: [400, 'The request cannot be read'],
  unauthorized: [401, 'Not allowed without the right token'],
  forbidden_origin: [403, 'A page of another origin may not do this'],
  not_found: [404, 'Not found'],
  method_not_allowed: [405, 'This method is not allowed here'],
  request_timeout: [408, 'The request did not arrive in time'],
  conflict: [409, 'The current state does not allow it'],
  precondition_failed: [412, 'The state is not the one that was asked for'],
  body_too_large: [413, 'The body is too large'],
  uri_too_long: [414, 'The address is too long'],
  unsupported_media_type: [415, 'The content type is not supported'],
  unsupported_content_coding: [415, 'The content coding is not supported'],
  expectation_failed: [417, 'The expectation cannot be met'],
  misdirected_request: [421, 'This host is not served here'],
  invalid_request: [422, 'The request is not valid'],
  idempotency_key_reused: [422, 'The idempotency key was used with another request'],
  too_many_requests: [429, 'Too many requests'],
  header_too_large: [431, 'The header is too large'],
  internal: [500, 'Internal error'],
  unavailable: [503, 'Not available now'],
  version_not_supported: [505, 'This version of HTTP is not supported'],
  no_room: [507, 'No room left'],
};

/** The codes of all problems, in the order of their statuses. */
export const problemCodes = Object.keys(PROBLEMS) as ErrorCode[];

/** The codes of the problems with this status. */
export function codesOf(status: number): readonly ErrorCode[] {
  return problemCodes.filter((code) => PROBLEMS[code][0] === status);
}

/** An error as an RFC 9457 problem. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly errors?: readonly FieldError[];
}

/** Anything other than an {@link AppError} is a bug: its text goes only to the log. */
export function problemOf(error: unknown): Problem {
  const known = error instanceof AppError ? error : new AppError('internal', 'the error is in the server log');
  const [status, title] = PROBLEMS[known.code];
  const { code, title: ownTitle } = { code: known.code, title, ...known.own };
  const problem = { type: 'about:blank', title: ownTitle, status, detail: known.message, code };
  return known.errors.length === 0 ? problem : { ...problem, errors: known.errors };
}

/** A method that this path does not allow, or that no path allows. */
export class MethodNotAllowed extends AppError {
  readonly allow: string;

  constructor(method: string, allow: readonly string[]) {
    super('method_not_allowed', `${method} is not allowed here; allowed: ${allow.join(', ')}`);
    this.allow = allow.join(', ');
  }
}

/** The response to a request that failed. */
export function problemResponse(error: unknown, headers: Readonly<Record<string, string>> = {}): Response {
  const problem = problemOf(error);
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { ...problemHeaders(error, problem), ...headers },
  });
}

/** The headers that go with a problem, for an answer that is no `Response`. */
export function problemHeaders(error: unknown, problem: Problem): Readonly<Record<string, string>> {
  const retryAfterS = error instanceof AppError ? error.retryAfterS : undefined;
  return {
    'content-type': 'application/problem+json',
    ...(retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) }),
    ...(problem.code === 'unauthorized' ? { 'www-authenticate': 'Bearer realm="operations"' } : {}),
    ...(error instanceof MethodNotAllowed ? { allow: error.allow } : {}),
  };
}

/** The issues that zod found, as an error that names each field. */
export function invalid(error: z.ZodError, subject: string): AppError {
  const unknown = `this ${subject === 'the query' ? 'parameter' : 'field'} is not known`;
  const errors = error.issues.flatMap((issue): FieldError[] => {
    if (issue.code !== 'unrecognized_keys') return [{ pointer: pointerTo(issue.path), detail: issue.message }];
    return issue.keys.map((key) => ({ pointer: pointerTo([...issue.path, key]), detail: unknown }));
  });
  const first = errors[0];
  const where = first === undefined || first.pointer === '' ? '' : ` at ${first.pointer}`;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return new AppError('invalid_request', `${subject} is not valid${where}: ${first?.detail ?? ''}${more}`, { errors });
}

export { pointerTo };
