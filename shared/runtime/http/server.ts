import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { AppError, ConfigError } from '../../core/errors.ts';
import { MethodNotAllowed, problemOf, problemResponse } from './problem.ts';

/** How long open requests may take when the server stops. */
const GRACE_MS = 3_000;
const IDLE_LOOK_MS = 20;
const REQUEST_ID = 'x-request-id';
const REQUEST_ID_FORM = /^[\w.:-]{1,128}$/;
/** Other methods never reach the app: a `Request` cannot be built for all of them. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Answers a request; `requestId` is its id in logs and responses. */
type Fetch = (request: Request, env: { readonly requestId: string }) => Response | Promise<Response>;

export interface RunningServer {
  readonly url: string;
  /** Takes no new requests and resolves when the open ones are answered, or after a grace period of some seconds. */
  stop(): Promise<void>;
}

/**
 * Serves an app and gives each request an id: the client's when it is well-formed. Port 0 takes a free port.
 * @throws {ConfigError} naming `setting` when the port is taken or not allowed.
 */
export async function serve(
  fetch: Fetch,
  { host, port, setting }: { host: string; port: number; setting: string },
): Promise<RunningServer> {
  const server = createAdaptorServer({
    fetch(request, { outgoing }) {
      const given = request.headers.get(REQUEST_ID);
      const requestId = given !== null && REQUEST_ID_FORM.test(given) ? given : randomUUID();
      // Set here because a header on the app's response would cost an extra Headers object for each request.
      outgoing.setHeader(REQUEST_ID, requestId);
      const { method } = request;
      return METHODS.includes(method)
        ? fetch(request, { requestId })
        : problemResponse(new MethodNotAllowed(method, METHODS));
    },
  }) as Server;
  server.on('clientError', answerBrokenRequest);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(new ConfigError(setting, `cannot listen on ${host}:${port}: ${error.message}`)),
    );
    server.listen(port, host, resolve);
  });
  const { address, family, port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`,
    stop: () => stop(server),
  };
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

/** A request that node's parser refuses never reaches the app, so it gets its problem response here. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = problemOf(
    error.code === 'HPE_HEADER_OVERFLOW'
      ? new AppError('header_too_large', 'the header may have at most 16384 bytes')
      : new AppError('malformed_request', `this is not an HTTP request: ${error.message}`),
  );
  const body = JSON.stringify(problem);
  socket.end(
    `HTTP/1.1 ${problem.status} ${problem.title}\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
