import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { getRequestListener, type HttpBindings, RequestError } from '@hono/node-server';
import { AppError } from '../../core/errors.ts';
import { BODY_MAX_BYTES, DISCARD_MAX_BYTES, tooLarge } from './app.ts';
import { codingOf } from './content-coding.ts';
import { shareWithOrigin, variedByOrigin } from './cors.ts';
import { answerAhead, answerEarly, ConnectionAnswers, HEADER_MAX_BYTES, REQUEST_ID } from './early-answers.ts';
import { HostCheck } from './host-check.ts';
import { type ListenAddress, listenError } from './listen-error.ts';
import { askApp, type Fetch, SERVED_METHODS } from './methods.ts';
import { foreignOrigin } from './origin-check.ts';
import { problemResponse } from './problem.ts';
import { targetError } from './request-target.ts';
import { defaultHttpOptions, type HttpOptions } from './settings.ts';

/** How long open requests may take when the server stops. */
const GRACE_MS = 3_000;
const IDLE_LOOK_MS = 20;
const LATE_LOOK_MS_MAX = 1_000;
const REQUEST_ID_FORM = /^[\w.:-]{1,128}$/;

export interface RunningServer {
  readonly url: string;
  /** Takes no new requests and resolves when the open ones are answered, or after a grace period of some seconds. */
  stop(): Promise<void>;
}

/** Port 0 takes a free one. */
export interface ServerAddress extends ListenAddress {
  /** Names by which other functions call this one. */
  readonly ownNames?: readonly string[];
}

/**
 * Serves an app and gives each request an id: the client's when it is well-formed. What the app need not see is answered
 * here: other hosts, pages of other origins, requests that cannot be read.
 * @throws {ConfigError} naming the setting of the port, or of the host, that cannot be used.
 */
export async function serve(
  fetch: Fetch,
  { ownNames = [], ...where }: ServerAddress,
  options: HttpOptions = defaultHttpOptions,
): Promise<RunningServer> {
  const server = createServer({
    keepAliveTimeout: options.keepAliveMs,
    headersTimeout: options.headersTimeoutMs,
    requestTimeout: options.requestTimeoutMs,
    connectionsCheckingInterval: Math.min(LATE_LOOK_MS_MAX, Math.ceil(options.headersTimeoutMs / 4)),
    maxHeaderSize: HEADER_MAX_BYTES,
    requireHostHeader: false,
  });
  // The bytes are limited. By its count, Node would drop further headers, and what they say would not be checked.
  server.maxHeadersCount = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => listenError(error, where).then(reject, reject));
    server.listen(where.port, where.host, resolve);
  });
  const { address, family, port: taken } = server.address() as AddressInfo;
  const hosts = new HostCheck({ boundTo: address, host: where.host, allowed: options.allowedHosts, ownNames });
  answerRequests(server, fetch, hosts, options.corsOrigins);
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`,
    stop: () => stop(server),
  };
}

function answerRequests(server: Server, fetch: Fetch, hosts: HostCheck, corsOrigins: ReadonlySet<string>): void {
  const connections = new ConnectionAnswers(fetch);
  const toApp = getRequestListener(
    (request, bindings) => {
      const { incoming, outgoing } = bindings as HttpBindings;
      // Set already; here it goes on to the app.
      const env = { requestId: String(outgoing.getHeader(REQUEST_ID)) };
      let answer = askApp(fetch, request, incoming, env, corsOrigins);
      if (corsOrigins.size > 0) answer = variedByOrigin(answer);
      return outgoing.shouldKeepAlive ? answer : withoutConnection(answer);
    },
    { errorHandler: (error) => problemResponse(asRequestError(error)) },
  );
  /** Whether the request has not been answered here. */
  const admits = (incoming: IncomingMessage, outgoing: ServerResponse): boolean => {
    connections.began(outgoing);
    // Set here because a header on the app's response would cost an extra Headers object for each request.
    outgoing.setHeader(REQUEST_ID, requestIdFor(incoming));
    if (!server.listening) outgoing.shouldKeepAlive = false;
    const error = refusal(incoming, outgoing, hosts, corsOrigins);
    if (error !== null) answerEarly(outgoing, error);
    else if (incoming.url === '*') outgoing.writeHead(204, { allow: SERVED_METHODS.join(', ') }).end();
    else return true;
    return false;
  };
  server.on('request', (incoming, outgoing) => {
    if (!admits(incoming, outgoing)) return;
    const error = discardedLengthError(incoming);
    if (error === null) void toApp(incoming, outgoing);
    else answerAhead(incoming, outgoing, error);
  });
  server.on('checkContinue', (incoming, outgoing) => {
    if (!admits(incoming, outgoing)) return;
    const error = expectationError(incoming) ?? lengthError(incoming);
    if (error !== null) return answerEarly(outgoing, error);
    outgoing.writeContinue();
    void toApp(incoming, outgoing);
  });
  server.on('checkExpectation', (incoming, outgoing) => {
    if (!admits(incoming, outgoing)) return;
    const error = expectationError(incoming);
    if (error !== null) answerEarly(outgoing, error);
  });
  server.on('clientError', (error, socket) => connections.refused(error, socket));
  server.on('connect', (_incoming, socket: Socket) => connections.connectRequested(socket));
}

/** Why a request does not reach the app; null when it does. */
function refusal(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  hosts: HostCheck,
  corsOrigins: ReadonlySet<string>,
): AppError | null {
  const { headers, method = '' } = incoming;
  // First, so that a listed page reads why it is refused.
  if (corsOrigins.size > 0) shareWithOrigin(outgoing, headers, corsOrigins);
  const error = targetError(incoming);
  if (error !== null) return error;
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && coding.trim().toLowerCase() !== 'chunked') {
    return new AppError('malformed_request', `the only transfer coding taken is chunked, not ${coding.slice(0, 64)}`);
  }
  if (coding !== undefined && incoming.httpVersion === '1.0') {
    // What was in front of this server has not understood it, and may take what follows for another request.
    outgoing.shouldKeepAlive = false;
    return new AppError('malformed_request', 'HTTP/1.0 has no transfer coding');
  }
  const host = hosts.look(headers.host ?? '');
  if (host instanceof AppError) return host;
  headers.host = host.authority;
  return foreignOrigin(method, headers, host.origin, corsOrigins);
}

function expectationError({ headers }: IncomingMessage): AppError | null {
  const expected = String(headers.expect).trim();
  if (expected.toLowerCase() === '100-continue') return null;
  return new AppError('expectation_failed', `only 100-continue can be expected, not ${expected.slice(0, 64)}`);
}

/** A body that is declared too long. Of one that is encoded only the content is limited by a count of bytes. */
function lengthError(incoming: IncomingMessage): AppError | null {
  return lengthOf(incoming) > BODY_MAX_BYTES && codingOf(incoming) === null ? tooLarge() : null;
}

/** Of a longer body the app reads nothing at all. */
function discardedLengthError(incoming: IncomingMessage): AppError | null {
  return lengthOf(incoming) <= DISCARD_MAX_BYTES && incoming.method !== 'GET' && incoming.method !== 'HEAD'
    ? lengthError(incoming)
    : null;
}

function lengthOf({ headers }: IncomingMessage): number {
  return Number(headers['content-length'] ?? 0);
}

function requestIdFor({ headers }: IncomingMessage): string {
  const given = headers[REQUEST_ID];
  return typeof given === 'string' && REQUEST_ID_FORM.test(given) ? given : randomUUID();
}

/** An app does not know how long the connection lasts, nor that a client of HTTP/1.0 knows no chunks. */
async function withoutConnection(answer: Response | Promise<Response>): Promise<Response> {
  const response = await answer;
  for (const header of ['connection', 'transfer-encoding']) response.headers.delete(header);
  return response;
}

function asRequestError(error: unknown): unknown {
  return error instanceof RequestError
    ? new AppError('malformed_request', `the address of the request cannot be read: ${error.message}`)
    : error;
}

async function stop(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // A connection that is kept alive is idle only once its last answer is out.
  const endStreams = setInterval(() => server.closeIdleConnections(), IDLE_LOOK_MS);
  const force = setTimeout(() => server.closeAllConnections(), GRACE_MS);
  await closed;
  clearInterval(endStreams);
  clearTimeout(force);
}
