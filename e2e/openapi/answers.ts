import { type Endpoint, isJson, mediaTypeOf, type ResponseObject, type Schema } from './document.ts';
import type { Validate } from './validate.ts';

/** What came back. The names of headers are in lower case. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The body; of a stream its beginning. */
  readonly text: string;
}

/** In what an answer differs from what its operation declares; `validate` is for answers. */
export function differencesOf(validate: Validate, { operation }: Endpoint, answer: ApiAnswer): readonly string[] {
  const response = operation.responses[answer.status];
  if (response === undefined) return [`the status ${answer.status} is not declared`];
  return [...ofHeaders(validate, response, answer), ...ofBody(validate, response, answer)];
}

function ofHeaders(validate: Validate, { headers = {} }: ResponseObject, answer: ApiAnswer): readonly string[] {
  return Object.entries(headers).flatMap(([name, { required = false, schema = {} }]) => {
    const text = answer.headers[name.toLowerCase()];
    if (text === undefined) return required ? [`the header ${name} is missing`] : [];
    return validate(schema, typed(schema, text)).map((error) => `the header ${name} is ${text}: ${error}`);
  });
}

function typed({ type }: Schema, text: string): unknown {
  return type === 'integer' || type === 'number' ? Number(text) : text;
}

function ofBody(validate: Validate, { content = {} }: ResponseObject, { headers, text }: ApiAnswer): readonly string[] {
  const type = mediaTypeOf(headers['content-type']);
  const declared = Object.keys(content);
  if (declared.length === 0) return text === '' ? [] : ['there is a body, and none is declared'];
  const schema = content[type]?.schema;
  if (schema === undefined) return [`the content type is ${type || 'missing'}; declared: ${declared.join(', ')}`];
  if (!isJson(type)) return validate(schema, text);
  try {
    return validate(schema, JSON.parse(text));
  } catch (error) {
    return [`the body is not JSON: ${String(error)}`];
  }
}

/**
 * The fields for which an allowed request is refused all the same, by rules that no schema can say (a sum, an opaque cursor):
 * their pointers, with `0` for every index.
 */
export function refusedFieldsOf({ status, text }: ApiAnswer): readonly string[] {
  if (status !== 422) return [];
  const { code, errors = [{ pointer: '' }] } = JSON.parse(text) as Problem;
  return code === 'invalid_request' ? errors.map(({ pointer }) => pointer.replaceAll(/\/\d+(?=\/|$)/g, '/0')) : [];
}
interface Problem {
  readonly code?: string;
  readonly errors?: readonly { readonly pointer: string }[];
}

/** In what the answer to an allowed request is a refusal: it cannot be unreadable, too large or of another type. */
export function refusalOf({ status }: ApiAnswer): readonly string[] {
  return [400, 405, 413, 415].includes(status) ? [`what the document allows is answered with ${status}`] : [];
}

/** In what the answer to a forbidden request is no refusal; what it declares is checked besides. */
export function leniencyOf({ status, headers }: ApiAnswer): readonly string[] {
  if (status < 400) return [`what the document forbids is answered with ${status}`];
  if (status >= 500) return [`what the document forbids breaks the store: ${status}`];
  const type = mediaTypeOf(headers['content-type']);
  return type === 'application/problem+json' ? [] : [`the refusal has the content type ${type || 'none'}`];
}
