/** One request as a wary client sends it: whatever becomes of it is a value. */
import { Agent, request } from 'node:http';

export interface Reply {
  /** 0 where there was no answer. */
  readonly status: number;
  readonly text: string;
  readonly isReplay: boolean;
  /** Whether nobody can have heard the request: the connection was refused. */
  readonly isUnheard: boolean;
}

export interface SendOptions {
  readonly timeoutMs: number;
  readonly body?: unknown;
  readonly key?: string;
  readonly agent?: Agent;
}

/** Connections that are used again, as browsers and proxies do. */
export function manyConnections(): Agent {
  return new Agent({ keepAlive: true });
}

/** Never throws: no answer, or none in time, is a reply with status 0. */
export function send(method: string, url: string, { timeoutMs, body, key, agent }: SendOptions): Promise<Reply> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve) => {
    const silence = (isUnheard: boolean) => resolve({ status: 0, text: '', isReplay: false, isUnheard });
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
            isUnheard: false,
          }),
        () => silence(false),
      );
    });
    outgoing.on('error', (error) => silence('code' in error && error.code === 'ECONNREFUSED'));
    outgoing.once('close', () => clearTimeout(timer));
    outgoing.end(text);
  });
}

/** The body of an answer, looked at with care by whoever asked; an empty object where it is none. */
export function bodyOf(reply: Reply): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(reply.text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
