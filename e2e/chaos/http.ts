/** Sends one HTTP request; every outcome, also a failure, is a returned value. */
import { Agent, request } from 'node:http';

export interface Reply {
  /** 0 when there was no answer. */
  readonly status: number;
  readonly text: string;
  readonly isReplay: boolean;
  /** When true, the store cannot have received the request. */
  readonly isConnectionRefused: boolean;
}

export interface SendOptions {
  readonly timeoutMs: number;
  readonly body?: unknown;
  readonly key?: string;
  readonly agent?: Agent;
}

/** An agent that reuses connections, as browsers and proxies do. */
export function keepAliveAgent(): Agent {
  return new Agent({ keepAlive: true });
}

/** Never throws: without an answer in time, the reply has status 0. */
export function send(method: string, url: string, { timeoutMs, body, key, agent }: SendOptions): Promise<Reply> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve) => {
    const noAnswer = (isConnectionRefused: boolean) =>
      resolve({ status: 0, text: '', isReplay: false, isConnectionRefused });
    const outgoing = request(url, {
      method,
      agent: agent ?? false,
      headers: {
        ...(text === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
    });
    const timer = setTimeout(() => outgoing.destroy(), timeoutMs);
    outgoing.once('response', (incoming) => {
      incoming.toArray().then(
        (chunks) =>
          resolve({
            status: incoming.statusCode ?? 0,
            text: Buffer.concat(chunks).toString(),
            isReplay: incoming.headers['idempotent-replayed'] === 'true',
            isConnectionRefused: false,
          }),
        () => noAnswer(false),
      );
    });
    outgoing.on('error', (error) => noAnswer('code' in error && error.code === 'ECONNREFUSED'));
    outgoing.once('close', () => clearTimeout(timer));
    outgoing.end(text);
  });
}

/** The JSON body of an answer, not validated; an empty object when the body is no JSON object. */
export function bodyOf(reply: Reply): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(reply.text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
