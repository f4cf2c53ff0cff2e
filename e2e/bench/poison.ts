/** What one order that always fails costs the others: as many orders with it and without, in turns. */
import { openLoop, orderIds, orderRequest, quantile } from './client.ts';
import { requestOnce, requestText } from './http-connection.ts';
import type { Server } from './servers.ts';

/** Orders a second: what a store has to do on a busy day, far from what it can do. */
const PER_S = 200;

export interface Poisoned {
  /** Orders on each side, over all rounds. */
  readonly orders: number;
  /** The 99th percentile from POST to notice over all of them, in milliseconds: a single round is too short for one. */
  readonly withPoisonMs: number;
  readonly withoutMs: number;
}

/** The inventory of `poisoned` fails on one order all the time, as in trouble that may pass; that of `clean` does not. */
export async function measurePoison(
  poisoned: Server,
  clean: Server,
  { rounds, roundMs }: { rounds: number; roundMs: number },
): Promise<Poisoned> {
  const nextId = orderIds();
  const latencies = (server: Server) => openLoop(server.port, nextId, roundMs, PER_S);
  for (const server of [poisoned, clean]) await latencies(server);
  const withPoison: number[] = [];
  const without: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const subject = nextId();
    await post(poisoned.inventoryPort, '/automation-testing/faults', { poison: { subject, as: 'trouble' } }, 200);
    const { status } = await requestOnce(poisoned.port, orderRequest(subject, false));
    if (status !== 202) throw new Error(`the poisoned order was answered with ${status}`);
    if (round % 2 === 1) without.push(...(await latencies(clean)));
    withPoison.push(...(await latencies(poisoned)));
    if (round % 2 === 0) without.push(...(await latencies(clean)));
    await post(poisoned.inventoryPort, '/automation-testing/faults', { poison: null }, 200);
  }
  const [withPoisonMs, withoutMs] = [withPoison, without].map((each) => quantile(each, 0.99)) as [number, number];
  return { orders: withPoison.length, withPoisonMs, withoutMs };
}

async function post(port: number, path: string, body: object, expected: number): Promise<void> {
  const headers = ['Content-Type: application/json'];
  const answer = await requestOnce(port, requestText('POST', path, headers, JSON.stringify(body)));
  if (answer.status !== expected) throw new Error(`POST ${path} was answered with ${answer.status}: ${answer.body}`);
}
