import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { AppError } from '../../core/errors.ts';
import { type Fetch, methodNotAllowedAt, SERVED_METHODS } from './methods.ts';
import { MethodNotAllowed, problemHeaders, problemOf, problemResponse } from './problem.ts';
import { tooLongAddress, versionError } from './request-target.ts';

export const REQUEST_ID = 'x-request-id';
export const HEADER_MAX_BYTES = 16_384;
/** How long a connection stays open for a client that still sends, so that it reads the answer. */
const LINGER_MS = 1_000;
const REQUEST_LINE = /^([!#$%&'*+.^_`|~\w-]+) (\/\S*) HTTP\/1\.[01]\r?\n/;

/** What node's parser says of a request that it refuses. */
interface ParserError extends NodeJS.ErrnoException {
  readonly rawPacket?: Buffer;
  /** Where in it the error is. */
  readonly bytesParsed?: number;
}

/** Answers a request that does not reach the app. */
export function answerEarly(outgoing: ServerResponse, error: AppError): void {
  const problem = problemOf(error);
  const body = JSON.stringify(problem);
  const length = Buffer.byteLength(body);
  outgoing.writeHead(problem.status, { ...problemHeaders(error, problem), 'content-length': length }).end(body);
}

/**
 * Answers a request whose body still comes. It is discarded, and the connection goes on only then: a client that is cut off
 * while it sends would not see the answer.
 */
export function answerAhead(incoming: IncomingMessage, outgoing: ServerResponse, error: AppError): void {
  const problem = problemOf(error);
  const body = JSON.stringify(problem);
  const length = Buffer.byteLength(body);
  outgoing.writeHead(problem.status, { ...problemHeaders(error, problem), 'content-length': length }).write(body);
  incoming.once('close', () => outgoing.end()).resume();
}

/** Answers on connections whose requests node does not hand on: it cannot read them, they are late, or ask for a tunnel. */
export class ConnectionAnswers {
  readonly #fetch: Fetch;
  /** The newest answer on each connection. */
  readonly #newest = new WeakMap<Duplex, ServerResponse>();
  readonly #answered = new WeakSet<Duplex>();

  constructor(fetch: Fetch) {
    this.#fetch = fetch;
  }

  /** To be called for each request: what is answered on its connection comes after its own answer. */
  began(outgoing: ServerResponse): void {
    if (outgoing.socket !== null) this.#newest.set(outgoing.socket, outgoing);
  }

  /** A request that the parser refuses, or that does not arrive in time. */
  refused(error: ParserError, socket: Duplex): void {
    if (this.#answered.has(socket)) return;
    if (error.code === 'ECONNRESET' || error.code === 'EPIPE' || !socket.writable) {
      socket.destroy();
      return;
    }
    this.#answered.add(socket);
    const newest = this.#newest.get(socket);
    const isOpen = newest !== undefined && !newest.writableFinished && !newest.destroyed;
    if (isOpen && newest.req.complete) newest.once('close', () => void this.#answer(error, socket));
    else if (isOpen && newest.headersSent) socket.destroy();
    else void this.#answer(error, socket);
  }

  connectRequested(socket: Duplex): void {
    this.#answered.add(socket);
    void end(socket, problemResponse(new MethodNotAllowed('CONNECT', SERVED_METHODS)), randomUUID());
  }

  async #answer(error: ParserError, socket: Duplex): Promise<void> {
    const requestId = randomUUID();
    const [, method, path] = REQUEST_LINE.exec(received(error)) ?? [];
    // Node's parser knows only the methods that are registered.
    const isMethod = error.code === 'HPE_INVALID_METHOD' && method !== undefined && path !== undefined;
    const request = { url: `http://localhost${path}`, method: method?.slice(0, 32) ?? '', headers: new Headers() };
    const response = isMethod
      ? await methodNotAllowedAt(this.#fetch, request, { requestId })
      : problemResponse(errorFor(error));
    await end(socket, response, requestId);
  }
}

function errorFor(error: ParserError): AppError {
  switch (error.code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new AppError('request_timeout', 'the request did not arrive in time; send it again');
    case 'HPE_HEADER_OVERFLOW':
      // A long address comes as one packet that ends within its first line.
      return /^[A-Z]+ \S+$/.test(received(error).slice(0, HEADER_MAX_BYTES))
        ? tooLongAddress()
        : new AppError('header_too_large', `the header may have at most ${HEADER_MAX_BYTES} bytes`);
    case 'HPE_PAUSED_H2_UPGRADE':
      return versionError('2.0');
    case 'HPE_INVALID_VERSION': {
      const [, version] = /^\S+ \S+ HTTP\/(\d\.\d)\r?\n/.exec(received(error)) ?? [];
      return version === undefined ? notHttp(error) : versionError(version);
    }
    default:
      return notHttp(error);
  }
}

function notHttp(error: Error): AppError {
  return new AppError('malformed_request', `this is not an HTTP request: ${error.message}`);
}

/** What was received from the beginning of the line with the error on. Requests may stand before it. */
function received({ rawPacket, bytesParsed = 0 }: ParserError): string {
  const text = rawPacket?.toString('latin1') ?? '';
  return text.slice(text.lastIndexOf('\n', bytesParsed - 1) + 1);
}

/** Writes an answer without node's help, and ends the connection once the client has had time to read it. */
async function end(socket: Duplex, response: Response, requestId: string): Promise<void> {
  socket.on('error', () => undefined);
  const { status, headers } = response;
  const body = await response.text();
  if (!socket.writable) return;
  const lines = Object.entries({
    date: new Date().toUTCString(),
    ...Object.fromEntries(headers),
    'content-length': Buffer.byteLength(body),
    connection: 'close',
    [REQUEST_ID]: requestId,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
  const linger = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once('close', () => clearTimeout(linger));
  socket.resume();
}
