/**
 * A small HTTP/1.1 client connection: one request at a time, keep-alive.
 *
 * The load client shares the machine with the program it measures, and `fetch` or `node:http` would use more processor
 * time than the server. It parses what the two programs answer: a status line, headers, and a body by `content-length`
 * or in chunks.
 */
import { connect, type Socket } from 'node:net';

const RESPONSE_TIMEOUT_MS = 60_000;

export interface HttpAnswer {
  readonly status: number;
  readonly headers: string;
  readonly body: string;
}

interface Pending {
  readonly resolve: (answer: HttpAnswer) => void;
  readonly reject: (error: Error) => void;
}

export class HttpConnection {
  readonly #socket: Socket;
  #received = '';
  #pending: Pending | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.setNoDelay(true);
    socket.setTimeout(RESPONSE_TIMEOUT_MS, () => {
      if (this.#pending !== null) socket.destroy(new Error(`no answer within ${RESPONSE_TIMEOUT_MS} ms`));
    });
    socket.on('data', (chunk: string) => this.#take(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  /** @throws the socket's error when no process listens on the port. */
  static open(port: number): Promise<HttpConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new HttpConnection(socket));
      });
    });
  }

  /** Sends one whole request (latin1) and resolves with its answer. Rejects while another request is pending. */
  send(request: string): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#pending !== null) return reject(new Error('the connection is busy'));
      if (this.#socket.destroyed) return reject(new Error('the connection is closed'));
      this.#pending = { resolve, reject };
      this.#socket.write(request, 'latin1');
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: string): void {
    this.#received = this.#received === '' ? chunk : this.#received + chunk;
    const answer = parseAnswer(this.#received);
    if (answer === null) return;
    this.#received = '';
    const pending = this.#pending;
    this.#pending = null;
    pending?.resolve(answer);
  }

  #fail(error: Error): void {
    const pending = this.#pending;
    this.#pending = null;
    pending?.reject(error);
  }
}

export function requestText(method: string, path: string, headers: readonly string[], body: string): string {
  const length = method === 'GET' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  return [`${method} ${path} HTTP/1.1`, 'Host: 127.0.0.1', ...headers, ...length, '', body].join('\r\n');
}

/** Sends one request on its own connection. */
export async function requestOnce(port: number, request: string): Promise<HttpAnswer> {
  const connection = await HttpConnection.open(port);
  try {
    return await connection.send(request);
  } finally {
    connection.close();
  }
}

/** @returns null while the answer is incomplete */
function parseAnswer(text: string): HttpAnswer | null {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return null;
  const status = Number(text.slice(9, 12));
  const headers = text.slice(0, headEnd).toLowerCase();
  const rest = headEnd + 4;
  const at = headers.indexOf('\r\ncontent-length:');
  if (at >= 0) {
    const length = Number.parseInt(headers.slice(at + 17, at + 30), 10);
    return text.length < rest + length ? null : { status, headers, body: text.slice(rest, rest + length) };
  }
  if (!headers.includes('\r\ntransfer-encoding: chunked')) return { status, headers, body: '' };
  const body = unchunk(text, rest);
  return body === null ? null : { status, headers, body };
}

function unchunk(text: string, start: number): string | null {
  let body = '';
  for (let at = start; ; ) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd < 0) return null;
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    const next = lineEnd + 2 + size + 2;
    if (text.length < next) return null;
    if (size === 0) return body;
    body += text.slice(lineEnd + 2, lineEnd + 2 + size);
    at = next;
  }
}
