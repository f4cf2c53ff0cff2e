import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { freePorts } from './free-ports.ts';

const FIRST = 20_000;
const COUNT = 10_000;

/** Another process that was given a port, and whose program does not listen. It ends when that port is not free. */
const HOLDS = `require('node:dgram').createSocket('udp4').bind(Number(process.argv[1]), '127.0.0.1', () => console.log('held'))`;

/** @returns the port that is given out where `port` is the first to be looked at */
async function givenInstead(port: number): Promise<number | undefined> {
  const random = vi.spyOn(Math, 'random').mockReturnValueOnce((port - FIRST + 0.5) / COUNT);
  const [given] = await freePorts(1);
  expect(random.mock.calls.length).toBeGreaterThan(1);
  return given;
}

function anyPort(): number {
  return FIRST + Math.floor(Math.random() * COUNT);
}

afterEach(() => vi.restoreAllMocks());

it('gives out each port once, whether its program listens or not', async () => {
  const [port = 0] = await freePorts(1);

  expect(await givenInstead(port)).not.toBe(port);
});

it('gives out no port that another process was given', async () => {
  const port = anyPort();
  const other = spawn(process.execPath, ['-e', HOLDS, String(port)]);
  onTestFinished(() => void other.kill());
  await Promise.race([once(other.stdout, 'data'), once(other, 'exit')]);

  expect(await givenInstead(port)).not.toBe(port);
});

it('gives out no port at which a program listens', async () => {
  const port = anyPort();
  const server = createServer().on('error', () => undefined);
  server.listen(port, '127.0.0.1');
  onTestFinished(() => void server.close());
  await Promise.race([once(server, 'listening'), once(server, 'error')]);

  expect(await givenInstead(port)).not.toBe(port);
});
