/** The HTTP client of the command-line tools in this folder. */
import { parseJson } from '../../shared/core/json.ts';
import { scriptCommand } from '../../shared/core/package-script.ts';
import { printable } from '../../shared/core/printable.ts';

/** The terminal of a tool; a test passes its own. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTty: boolean;
  /** The width of a terminal; undefined elsewhere, where lines have any length. */
  readonly columns?: number | undefined;
  out(text: string): void;
  err(text: string): void;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The body as it came. */
  readonly text: string;
}

/** An error that the user of a tool can act on; the message is for them. */
export class StoreError extends Error {
  /** The status of the answer; undefined when there was none. */
  readonly status: number | undefined;

  constructor(message: string, status?: number) {
    super(message);
    this.status = status;
  }
}

/** A command line that the tool does not understand; exit code 2. Its message may have been printed already. */
export class UsageError extends StoreError {}

const ANSWER_TIMEOUT_MS = 15_000;
/** Characters that are shown of a sentence of the store, and fields that are named as wrong. */
const SENTENCE_MAX = 600;
const FIELDS_MAX = 100;

type Place = 'GATEWAY' | 'INVENTORY';

interface AskOptions {
  readonly timeoutMs?: number;
  /** Whose address it is. */
  readonly place?: Place;
}

/**
 * One request to the store.
 *
 * @returns any 2xx answer
 * @throws StoreError when the store refuses the connection, does not answer in `timeoutMs`, or answers with a problem
 */
export async function ask(url: URL, request: RequestInit, options: AskOptions = {}): Promise<Answer> {
  const { response, text } = await exchange(url, request, options);
  if (!response.ok) {
    const what = response.status === 404 ? adviceOnRoute(url, text) : adviceOn(url, response);
    throw new StoreError([sentence(response.status, text), what].filter(Boolean).join('\n'), response.status);
  }
  return { status: response.status, headers: response.headers, text };
}

async function exchange(
  url: URL,
  request: RequestInit,
  { timeoutMs = ANSWER_TIMEOUT_MS, place = 'GATEWAY' }: AskOptions,
): Promise<{ response: Response; text: string }> {
  try {
    const response = await fetch(url, { ...request, signal: AbortSignal.timeout(timeoutMs) });
    return { response, text: await response.text() };
  } catch (error) {
    throw new StoreError(
      `${url.origin} does not answer (${printable(reasonOf(error, timeoutMs))}). Is the store running? ${scriptFor(process.env, 'start')}` +
        `, or set ${place}_URL or ${place}_PORT to where it is.`,
    );
  }
}

function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer for ${timeoutMs / 1000} s`;
  const { cause } = error;
  if (cause instanceof Error) return 'code' in cause ? String(cause.code) : cause.message;
  return error.message;
}

/** A problem document (RFC 9457) as one sentence, with the fields that are wrong below it. */
function sentence(status: number, text: string): string {
  const { title, detail, code, errors } = parseObject(text);
  const what = [detail, title].find((part) => typeof part === 'string') ?? text;
  const fields = Array.isArray(errors)
    ? errors.slice(0, FIELDS_MAX).map((each) => `\n  ${said(each?.pointer)} ${said(each?.detail)}`)
    : [];
  return `The store answers ${status}${typeof code === 'string' ? ` ${said(code)}` : ''}: ${said(what)}${fields.join('')}`;
}

function said(part: unknown): string {
  return printable(String(part ?? ''), SENTENCE_MAX);
}

/** Advice for a route that does not exist; empty when the route exists and the requested entity does not. */
function adviceOnRoute({ pathname }: URL, text: string): string {
  if (!String(parseObject(text)['detail']).startsWith('there is nothing at')) return '';
  if (pathname.startsWith('/operations/'))
    return 'In production the routes are there only when OPERATIONS_TOKEN is set.';
  if (!pathname.startsWith('/automation-testing/')) return '';
  const start = scriptFor(process.env, 'start');
  return `For /automation-testing the store must run with ENABLE_AUTOMATION=true, as "${start}" does by default.`;
}

function adviceOn({ pathname }: URL, response: Response): string {
  return pathname.startsWith('/operations/') ? operatorAdvice(response) : advice(response);
}

function advice({ status, headers }: Response): string {
  switch (status) {
    case 409:
    case 429:
    case 503:
      return `Try again in ${headers.get('retry-after') ?? 'a few'} s; the same key makes that safe.`;
    default:
      return "The store's own log says more.";
  }
}

function operatorAdvice({ status }: Response): string {
  switch (status) {
    case 401:
      return 'Set OPERATIONS_TOKEN to the token the store was started with.';
    case 503:
      return 'Nothing was resolved; try again in a few s.';
    default:
      return '';
  }
}

/** `text` as a JSON object; an empty object when `text` is none. */
function parseObject(text: string): Record<string, unknown> {
  return objectIn(text) ?? {};
}

function objectIn(text: string): Record<string, unknown> | null {
  const value = parseJson(text);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
}

/**
 * The body of an answer, of which `fields` are there.
 * @throws StoreError where another program answers, with something else
 */
export function bodyOf<Body extends object>({ status, text }: Answer, fields: readonly (keyof Body & string)[]): Body {
  const body = objectIn(text);
  if (body !== null && fields.every((field) => Object.hasOwn(body, field))) return body as Body;
  const what = body === null ? 'no JSON object' : `an object without ${fields.join(', ')}`;
  throw new StoreError(
    `The answer ${status} is ${what}: ${said(text.slice(0, 80))}\nIs it a store that answers at this address?`,
  );
}

/** Where a tool finds the store, for its help. */
export const ADDRESS_HELP = 'The address of the store is GATEWAY_URL, else GATEWAY_PORT (8900) of this machine.';

/**
 * The address of a function: `NAME_URL`, else this machine at `NAME_PORT`, else at the function's default port.
 * @throws StoreError naming the setting that is no address
 */
export function addressOf(name: Place, env: Terminal['env']): string {
  const port = env[`${name}_PORT`] || { GATEWAY: '8900', INVENTORY: '8901' }[name];
  const given = env[`${name}_URL`];
  if (given) return checkedAddress(`${name}_URL`, given);
  if (/^\d{1,5}$/.test(port) && Number(port) > 0 && Number(port) < 65_536) return `http://127.0.0.1:${port}`;
  throw new StoreError(`${name}_PORT: must be a port, 1 to 65535; it is ${JSON.stringify(printable(port))}`);
}

function checkedAddress(setting: string, address: string): string {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    const given = JSON.stringify(printable(address));
    throw new StoreError(`${setting}: must be an address such as http://127.0.0.1:8900; it is ${given}`);
  }
  if (url.username + url.password !== '') throw new StoreError(`${setting}: must have no user name and no password`);
  if (url.pathname !== '/' || url.search + url.hash !== '') {
    throw new StoreError(`${setting}: must be an address without a path, such as ${url.origin}`);
  }
  return url.origin;
}

/** A script of package.json as the reader of a tool's output calls it. */
export function scriptFor(env: Terminal['env'], script: string, ...args: readonly string[]): string {
  return scriptCommand(env['npm_config_user_agent'], script, ...args);
}

/** Makes text bold on a terminal, unless `NO_COLOR` is set. */
export function bold(text: string, { env, isTty }: Terminal): string {
  return isTty && !env['NO_COLOR'] ? `\u001b[1m${text}\u001b[22m` : text;
}
