/** How the small programs beside this file talk to a running store, and to the person who started them. */
import { pathToFileURL } from 'node:url';

/** What a small program is given, so that a test can be its terminal. */
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

/** Trouble that the person can do something about; the message is for them. */
export class StoreError extends Error {
  /** Of the answer; undefined where there was none. */
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
 * @throws StoreError where the store refuses the connection, takes longer than it may, or answers with a problem
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
  if (error.name === 'TimeoutError') return `nothing for ${timeoutMs / 1000} s`;
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

/** Where the route itself is missing, and not what was asked for by it. */
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
      return 'Nothing was decided; try again in a few s.';
    default:
      return '';
  }
}

/** `text` as a JSON object; an empty one where it is none. */
export function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

/** Where a function listens: `NAME_URL`, else this machine at `NAME_PORT`, else at the port it has by default. */
export function addressOf(name: 'GATEWAY' | 'INVENTORY', env: Terminal['env']): string {
  const port = env[`${name}_PORT`] || { GATEWAY: '8900', INVENTORY: '8901' }[name];
  return env[`${name}_URL`] || `http://127.0.0.1:${port}`;
}

/** Wraps text in bold, where the terminal shows it and `NO_COLOR` is not set. */
export function bold(text: string, { env, isTty }: Terminal): string {
  return isTty && !env['NO_COLOR'] ? `\u001b[1m${text}\u001b[22m` : text;
}

/**
 * Starts `program` where the module at `moduleUrl` is what Node was asked to run, with the real terminal. What the
 * program throws as StoreError goes to stderr, with exit code 1.
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
