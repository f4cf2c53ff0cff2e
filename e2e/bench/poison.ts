/** What one order that always fails costs the others: as many orders with it and without, in turns. */
import { openLoop, orderIds, orderRequest, quantile } from './client.ts';
import { requestOnce, requestText } from './http-connection.ts';
import type { Server } from './servers.ts';

/** Orders a second: what a store has to do on a busy day, far from what it can do. */
const PER_S = 200;

export interface Poisoned {
  /** Orders in a round. */
  readonly orders: number;
  /** The 99th percentile from POST to notice, in milliseconds: the medians of all rounds, and of their ratios. */
  readonly withPoisonMs: number;
  readonly withoutMs: number;
  readonly ratio: number;
}

/** The inventory of `poisoned` fails on one order all the time, as in trouble that may pass; that of `clean` does not. */
export async function measurePoison(
  poisoned: Server,
  clean: Server,
  { rounds, roundMs }: { rounds: number; roundMs: number },
): Promise<Poisoned> {
  const nextId = orderIds();
  const p99 = async (server: Server) => quantile(await openLoop(server.port, nextId, roundMs, PER_S), 0.99);
  for (const server of [poisoned, clean]) await p99(server);
  const figures: { withPoison: number; without: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const subject = nextId();
    await post(poisoned.inventoryPort, '/automation-testing/faults', { poison: { subject, as: 'trouble' } }, 200);
    const { status } = await requestOnce(poisoned.port, orderRequest(subject, false));
    if (status !== 202) throw new Error(`the poisoned order was answered with ${status}`);
    const isOdd = round % 2 === 1;
    const first = await p99(isOdd ? clean : poisoned);
    const second = await p99(isOdd ? poisoned : clean);
    figures.push(isOdd ? { withPoison: second, without: first } : { withPoison: first, without: second });
    await post(poisoned.inventoryPort, '/automation-testing/faults', { poison: null }, 200);
  }
  const median = (figure: (round: (typeof figures)[number]) => number) => quantile(figures.map(figure), 0.5);
  return {
    orders: (PER_S * roundMs) / 1000,
    withPoisonMs: median(({ withPoison }) => withPoison),
    withoutMs: median(({ without }) => without),
    ratio: median(({ withPoison, without }) => withPoison / without),
  };
}

async function post(port: number, path: string, body: object, expected: number): Promise<void> {
  const headers = ['Content-Type: application/json'];
  const answer = await requestOnce(port, requestText('POST', path, headers, JSON.stringify(body)));
  if (answer.status !== expected) throw new Error(`POST ${path} was answered with ${answer.status}: ${answer.body}`);
}
