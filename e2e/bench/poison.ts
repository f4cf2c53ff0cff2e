/** What an order that always fails costs the other orders: equal rounds with it and without it, in turns. */
import { openLoop, orderIds, orderRequest, quantile } from './client.ts';
import { requestOnce, requestText } from './http-connection.ts';
import type { Server } from './servers.ts';

/** Orders per second: the load of a busy day, far below the limit of the store. */
const PER_S = 200;

export interface Poisoned {
  /** Orders on each side, over all rounds. */
  readonly orders: number;
  /** The 99th percentile of milliseconds from POST to notice, over all rounds: a single round is too short for it. */
  readonly withPoisonMs: number;
  readonly withoutMs: number;
}

/** In each round, the inventory of `poisoned` fails on one order with a transient error; that of `clean` does not. */
export async function measurePoison(
  poisoned: Server,
  clean: Server,
  { rounds, roundMs }: { rounds: number; roundMs: number },
): Promise<Poisoned> {
  const nextId = orderIds();
  const latencies = (server: Server) => openLoop(server.port, nextId, { durationMs: roundMs, perS: PER_S });
  for (const server of [poisoned, clean]) await latencies(server);
  const withPoison: number[] = [];
  const without: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const subject = nextId();
    await post(poisoned.inventoryPort, '/automation-testing/faults', { poison: { subject, as: 'transient' } }, 200);
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
