import fc from 'fast-check';
import { allowedBy, type Source } from './allowed.ts';
import { type Endpoint, isJson, type Parameter, resolve, type Schema } from './document.ts';
import { forbiddenBy } from './forbidden.ts';

/** A request to an operation. */
export interface ApiRequest {
  readonly method: string;
  /** The path with its query. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer | undefined;
}

/** The parts of a request before they are put together. */
interface Parts {
  readonly parameters: Readonly<Record<string, string>>;
  /** The JSON value of the body; undefined where the operation takes none. */
  readonly body: unknown;
}

/** How many, and which: the same seed gives the same requests to a store in the same state. */
export interface Choice {
  readonly seed: number;
  readonly count: number;
}

export interface ForbiddenRequest {
  readonly what: string;
  readonly request: ApiRequest;
}

/** Requests that the document allows. */
export function allowedRequests(source: Source, endpoint: Endpoint, { seed, count }: Choice): readonly ApiRequest[] {
  return fc.sample(partsOf(source, endpoint), { seed, numRuns: count }).map((parts) => put(endpoint, parts));
}

/** Requests that break the document in one place each. */
export function forbiddenRequests(source: Source, endpoint: Endpoint, choice: Choice): readonly ForbiddenRequest[] {
  const { seed, count } = choice;
  const [parts] = fc.sample(partsOf(source, endpoint), { seed, numRuns: 1 });
  if (parts === undefined) return [];
  const whole = put(endpoint, parts);
  const { parameters = [] } = endpoint.operation;
  const wrongParameters = parameters.flatMap((parameter) =>
    wrongTexts(source, parameter, choice).map(({ what, text }) => ({
      what: `${parameter.in} ${parameter.name}: ${what}`,
      request: put(endpoint, { ...parts, parameters: { ...parts.parameters, [parameter.name]: text } }),
    })),
  );
  const missing = parameters
    .filter((parameter) => parameter.in !== 'path' && parameter.required === true)
    .map(({ name }) => {
      const { [name]: _, ...others } = parts.parameters;
      return { what: `without the parameter ${name}`, request: put(endpoint, { ...parts, parameters: others }) };
    });
  const unknown = {
    what: 'a query parameter that is not known',
    request: { ...whole, target: `${whole.target}${whole.target.includes('?') ? '&' : '?'}notInTheDocument=1` },
  };
  return [unknown, ...wrongParameters, ...missing, ...wrongBodies(source, endpoint, whole, parts, { seed, count })];
}

function partsOf(source: Source, { operation }: Endpoint): fc.Arbitrary<Parts> {
  const { parameters = [] } = operation;
  const texts = Object.fromEntries(parameters.map((parameter) => [parameter.name, textsOf(source, parameter)]));
  const requiredKeys = parameters.filter(({ required }) => required === true).map(({ name }) => name);
  const needed = Object.fromEntries(Object.entries(texts).filter(([name]) => requiredKeys.includes(name)));
  const schema = bodySchemaOf(operation);
  return fc.record({
    // Often without any filter: most filters match nothing.
    parameters: fc.oneof(
      fc.record(needed, { noNullPrototype: true }),
      fc.record(texts, { requiredKeys, noNullPrototype: true }),
    ),
    body: schema === null ? fc.constant(undefined) : allowedBy(source, schema),
  });
}

/** The schema of the body; null where the operation takes none. @throws when it takes no JSON */
function bodySchemaOf({ requestBody }: Endpoint['operation']): Schema | null {
  if (requestBody === undefined) return null;
  const [, content] = Object.entries(requestBody.content).find(([type]) => isJson(type)) ?? [];
  if (content?.schema === undefined) throw new Error('the check knows only JSON bodies with a schema');
  return content.schema;
}

/** The texts that a parameter allows and that its place can carry. */
function textsOf(source: Source, { in: place, name, schema }: Parameter): fc.Arbitrary<string> {
  return allowedBy(source, schema, name)
    .map((value) => String(value))
    .filter((text) => canCarry(place, text));
}

/**
 * A client removes `.` and `..` from a path before it sends it (WHATWG URL), and white space around a header is no part of it.
 * Text of a header is visible ASCII here.
 */
function canCarry(place: string, text: string): boolean {
  if (place === 'path') return text !== '' && text !== '.' && text !== '..';
  return place !== 'header' || /^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/.test(text);
}

function put({ method, path, operation }: Endpoint, { parameters, body }: Parts): ApiRequest {
  const at = (place: string) =>
    (operation.parameters ?? []).flatMap((parameter) => {
      const text = parameters[parameter.name];
      return parameter.in !== place || text === undefined ? [] : [[parameter.name, text] as const];
    });
  const filled = at('path').reduce(
    (text, [name, value]) => text.replace(`{${name}}`, () => encodeURIComponent(value)),
    path,
  );
  const query = at('query').map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  const hasBody = operation.requestBody !== undefined;
  return {
    method,
    target: query.length === 0 ? filled : `${filled}?${query.join('&')}`,
    headers: { ...Object.fromEntries(at('header')), ...(hasBody ? { 'content-type': 'application/json' } : {}) },
    body: hasBody ? JSON.stringify(body) : undefined,
  };
}

/** Texts that a parameter forbids: as values that its schema forbids, and as text that is no value of its type. */
function wrongTexts(source: Source, { in: place, schema }: Parameter, choice: Choice) {
  const resolved = resolve(source.document, schema);
  const isNumber = resolved.type === 'integer' || resolved.type === 'number';
  const isAllowed = (text: string) => {
    if (!isNumber) return source.validate(schema, text).length === 0;
    return /^-?\d+(?:\.\d+)?$/.test(text) && source.validate(schema, Number(text)).length === 0;
  };
  const noNumbers = ['', 'abc', '1.5', '1e1', '0x10', ' 5', '5 ', '+5', '٥', 'NaN', 'Infinity', 'null', '[]'];
  const texts = [
    ...forbiddenBy(source, schema, choice).map(({ what, value }) => ({ what, text: String(value) })),
    ...(isNumber ? noNumbers.map((text) => ({ what: 'no number', text })) : []),
  ];
  return texts.filter(({ text }) => canCarry(place, text) && !isAllowed(text));
}

function wrongBodies(
  source: Source,
  { operation }: Endpoint,
  whole: ApiRequest,
  parts: Parts,
  choice: Choice,
): readonly ForbiddenRequest[] {
  const schema = bodySchemaOf(operation);
  if (schema === null) return [];
  const { 'content-type': type = '', ...untyped } = whole.headers;
  const text = JSON.stringify(parts.body);
  const withBody = (what: string, body: string | Buffer | undefined, headers = whole.headers) => {
    return { what: `the body: ${what}`, request: { ...whole, body, headers } };
  };
  const isRequired = operation.requestBody?.required === true;
  return [
    ...forbiddenBy(source, schema, choice).map(({ what, value }) => withBody(what, JSON.stringify(value))),
    ...(isRequired ? [withBody('none', undefined), withBody('none, without a type', undefined, untyped)] : []),
    ...['{', '{"', `${text}x`, `[${text}`, "{'a': 1}", 'undefined', '\u0000'].map((each) => withBody('no JSON', each)),
    ...['text/plain', 'application/xml', 'application/x-www-form-urlencoded', 'json', `${type}x`].map((other) =>
      withBody(`of the type ${other}`, text, { ...untyped, 'content-type': other }),
    ),
    withBody('without a type', text, untyped),
    ...notUtf8(text).map((bytes) => withBody('a text that is no UTF-8', bytes)),
  ];
}

/** The JSON with a byte in its first text that no UTF-8 has; nothing where there is no text in it. */
function notUtf8(json: string): readonly Buffer[] {
  const bytes = Buffer.from(json);
  const at = bytes.indexOf('":"');
  return at === -1 ? [] : [Buffer.concat([bytes.subarray(0, at + 3), Buffer.from([0xff]), bytes.subarray(at + 3)])];
}
