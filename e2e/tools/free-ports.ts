import { createServer } from 'node:net';

/**
 * Below the ephemeral ports: an outgoing connection could otherwise take the port of a killed function. Each worker of vitest has a
 * share of its own, because a port that one has given out looks free to the others until its program listens.
 */
const SHARES = 5;
const SHARE = 2_000;
const PORTS = { first: 20_000 + (Number(process.env['VITEST_POOL_ID'] ?? 0) % SHARES) * SHARE, count: SHARE };

/** Ports that were given out: their programs may not listen yet. */
const given = new Set<number>();

/** Ports of this machine that are free. Each is given out once in a process, until most of them were. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = PORTS.first + Math.floor(Math.random() * PORTS.count);
    if (given.size > PORTS.count / 2) given.clear();
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
