/** The HTTP client and the terminal of the command-line tools in this folder. */
import { pathToFileURL } from 'node:url';

/** The terminal of a tool; a test passes its own. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTty: boolean;
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

const ANSWER_TIMEOUT_MS = 15_000;

/**
 * One request to the store.
 *
 * @returns any 2xx answer
 * @throws StoreError when the store refuses the connection, does not answer in `timeoutMs`, or answers with a problem
 */
export async function ask(url: URL, request: RequestInit, timeoutMs = ANSWER_TIMEOUT_MS): Promise<Answer> {
  const { response, text } = await exchange(url, request, timeoutMs);
  if (!response.ok) {
    const what = response.status === 404 ? adviceOnRoute(url, text) : adviceOn(url, response);
    throw new StoreError([sentence(response.status, text), what].filter(Boolean).join('\n'), response.status);
  }
  return { status: response.status, headers: response.headers, text };
}

async function exchange(
  url: URL,
  request: RequestInit,
  timeoutMs: number,
): Promise<{ response: Response; text: string }> {
  try {
    const response = await fetch(url, { ...request, signal: AbortSignal.timeout(timeoutMs) });
    return { response, text: await response.text() };
  } catch (error) {
    throw new StoreError(
      `${url.origin} does not answer (${reasonOf(error, timeoutMs)}). Is the store running? npm start`,
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
  const what = [detail, title].find((part) => typeof part === 'string') ?? text.slice(0, 200);
  const fields = Array.isArray(errors) ? errors.map((each) => `\n  ${each?.pointer ?? ''} ${each?.detail ?? ''}`) : [];
  return `The store answers ${status}${typeof code === 'string' ? ` ${code}` : ''}: ${what}${fields.join('')}`;
}

/** Advice for a route that does not exist; empty when the route exists and the requested entity does not. */
function adviceOnRoute({ pathname }: URL, text: string): string {
  if (!String(parseObject(text)['detail']).startsWith('there is nothing at')) return '';
  if (pathname.startsWith('/operations/'))
    return 'In production the routes are there only when OPERATIONS_TOKEN is set.';
  if (!pathname.startsWith('/automation-testing/')) return '';
  return 'For /automation-testing the store must run with ENABLE_AUTOMATION=true, as npm start does by default.';
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
export function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

/** The address of a function: `NAME_URL`, else this machine at `NAME_PORT`, else at the function's default port. */
export function addressOf(name: 'GATEWAY' | 'INVENTORY', env: Terminal['env']): string {
  const port = env[`${name}_PORT`] || { GATEWAY: '8900', INVENTORY: '8901' }[name];
  return env[`${name}_URL`] || `http://127.0.0.1:${port}`;
}

/** Makes text bold on a terminal, unless `NO_COLOR` is set. */
export function bold(text: string, { env, isTty }: Terminal): string {
  return isTty && !env['NO_COLOR'] ? `\u001b[1m${text}\u001b[22m` : text;
}

/**
 * Runs `program` with the real terminal when Node was started with the module at `moduleUrl`. A StoreError is printed
 * to stderr, with exit code 1.
 */
export async function runAsMain(
  moduleUrl: string,
  program: (args: readonly string[], terminal: Terminal) => Promise<void>,
): Promise<void> {
  const [, file, ...args] = process.argv;
  if (file === undefined || pathToFileURL(file).href !== moduleUrl) return;
  const terminal: Terminal = {
    env: process.env,
    isTty: process.stdout.isTTY === true,
    out: (text) => console.log(text),
    err: (text) => console.error(text),
  };
  try {
    await program(args, terminal);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    terminal.err(error.message);
    process.exitCode = 1;
  }
}
