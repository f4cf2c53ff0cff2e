import { createSocket, type Socket } from 'node:dgram';
import { createServer } from 'node:net';

/** Below the ephemeral ports: an outgoing connection could otherwise take the port of a killed function. */
const PORTS = { first: 20_000, count: 10_000 };
const HOST = '127.0.0.1';
/** A process holds so many at most; those that it was given first become free again. */
const HELD_MAX = 1_000;

/**
 * A port that was given out looks free until its program listens, and while that is stopped. So the process that was given it holds
 * the port of the same number for UDP, which is a port of its own: no other process is given it meanwhile, of whatever run.
 */
const held: Socket[] = [];

/** Ports of this machine that are free. No process that asks here is given one of them while this one runs. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = PORTS.first + Math.floor(Math.random() * PORTS.count);
    const socket = await hold(port);
    if (socket === null) continue;
    if (await isFree(port)) {
      ports.push(port);
      held.push(socket);
    } else socket.close();
  }
  for (const socket of held.splice(0, held.length - HELD_MAX)) socket.close();
  return ports;
}

/** Null where another one holds it. */
function hold(port: number): Promise<Socket | null> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.close();
      if (error.code === 'EADDRINUSE') resolve(null);
      else reject(error);
    });
    socket.bind({ port, address: HOST, exclusive: true }, () => resolve(socket.unref()));
  });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, HOST, () => server.close(() => resolve(true)));
  });
}
