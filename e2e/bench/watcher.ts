/** A console that looks at a store: it reads the stream of the overview and keeps nothing. */
import type { Server } from './servers.ts';

const STREAM = '/operations/stream';

/** The server with a watcher, which goes when the server stops. @throws {Error} when the stream does not open. */
export async function watched(server: Server): Promise<Server> {
  const leaving = new AbortController();
  const { status, body } = await fetch(`http://127.0.0.1:${server.port}${STREAM}`, { signal: leaving.signal });
  if (status !== 200 || body === null) throw new Error(`GET ${STREAM} was answered with ${status}`);
  const reading = readAll(body).catch(() => undefined);
  const stop = async () => {
    leaving.abort();
    await reading;
    await server.stop();
  };
  return { ...server, stop };
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of stream);
}
