import type { MessagePort } from 'node:worker_threads';
import { AppError } from '../../shared/core/errors.ts';
import { readText } from '../../shared/runtime/http/app.ts';
import { problemResponse } from '../../shared/runtime/http/problem.ts';
import type { Upstream } from './upstream.ts';

/** A request on its way to another thread. */
interface Call {
  readonly call: number;
  readonly name: string;
  readonly method: string;
  readonly url: string;
  readonly headers: readonly [string, string][];
  readonly body: string | null;
  readonly requestId: string;
}

/** The answer to a call; a streamed body is transferred as a stream. */
interface Reply {
  readonly call: number;
  readonly status: number;
  readonly headers: readonly [string, string][];
  readonly body: ArrayBuffer | ReadableStream | null;
}

interface CallableApp {
  fetch(request: Request, env: { requestId: string }): Response | Promise<Response>;
}

/** Functions in another thread of this process, called over a port: no network and no copy of a stream. */
export class ThreadCaller {
  readonly #port: MessagePort;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #calls = 0;

  constructor(port: MessagePort) {
    this.#port = port;
    port.on('message', (reply: Reply) => {
      this.#waiting.get(reply.call)?.(reply);
      this.#waiting.delete(reply.call);
    });
  }

  upstream(name: string): Upstream {
    return { name, fetch: (request, requestId) => this.#fetch(name, request, requestId) };
  }

  async #fetch(name: string, request: Request, requestId: string): Promise<Response> {
    const { method, url } = request;
    const body = method === 'GET' || method === 'HEAD' ? null : await readText(request);
    const call = ++this.#calls;
    const message: Call = { call, name, method, url, headers: [...request.headers], body, requestId };
    const reply = await new Promise<Reply>((resolve) => {
      this.#waiting.set(call, resolve);
      this.#port.postMessage(message);
    });
    return new Response(reply.body, { status: reply.status, headers: [...reply.headers] });
  }
}

/** Answers the calls that come over `port` with these apps. */
export function answerCalls(port: MessagePort, apps: ReadonlyMap<string, CallableApp>): void {
  port.on('message', (call: Call) => {
    void answer(call, apps)
      .catch((error: unknown) => replyOf(call, problemResponse(error)))
      .then((reply) => port.postMessage(reply, reply.body instanceof ReadableStream ? [reply.body as never] : []));
  });
}

async function answer(call: Call, apps: ReadonlyMap<string, CallableApp>): Promise<Reply> {
  const { name, method, url, headers, body, requestId } = call;
  const app = apps.get(name);
  if (app === undefined) throw new AppError('not_found', `there is no function ${name} in this thread`);
  return replyOf(call, await app.fetch(new Request(url, { method, headers: [...headers], body }), { requestId }));
}

async function replyOf({ call }: Call, response: Response): Promise<Reply> {
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  return {
    call,
    status: response.status,
    headers: [...response.headers],
    body: isStream || response.body === null ? response.body : await response.arrayBuffer(),
  };
}
