/** The stock ledger of a measured program: filled before the rounds, and checked after each of them. */
import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { getJson, ORDER_LINES } from './client.ts';
import { requestOnce, requestText } from './http-connection.ts';

const RECEIPT_QUANTITY = 1_000_000;
const RECEIPTS = 50;
const SETTLE_TIMEOUT_MS = 120_000;
const SETTLE_POLL_MS = 20;

interface Level {
  readonly productId: string;
  readonly received: number;
  readonly onHand: number;
  readonly reserved: number;
  readonly available: number;
  readonly sold: number;
}

/** Units sold of each product in the bench's order, in the order of its lines. */
export type Sold = readonly number[];

/** Adds more units to the stock than a run can sell. */
export async function fillStock(port: number): Promise<void> {
  for (const { productId } of ORDER_LINES) {
    for (let n = 0; n < RECEIPTS; n++) {
      const body = JSON.stringify({ quantity: RECEIPT_QUANTITY, name: productId });
      const headers = ['Content-Type: application/json', `Idempotency-Key: ${randomUUID()}`];
      const path = `/stock/${productId}/receipts`;
      const answer = await requestOnce(port, requestText('POST', path, headers, body));
      if (answer.status !== 201) throw new Error(`POST ${path} was answered with ${answer.status}: ${answer.body}`);
    }
  }
}

export async function readSold(port: number): Promise<Sold> {
  return (await readLevels(port)).map(({ sold }) => sold);
}

/**
 * Waits until all of `orders` are sold, then checks the stock levels against those `before`.
 *
 * @returns a sentence for each difference; empty when the ledger is right.
 */
export async function settleAndCheck(port: number, before: Sold, orders: number): Promise<readonly string[]> {
  const deadlineMs = performance.now() + SETTLE_TIMEOUT_MS;
  let levels = await readLevels(port);
  while (!isSettled(levels, before, orders) && performance.now() < deadlineMs) {
    await sleep(SETTLE_POLL_MS);
    levels = await readLevels(port);
  }
  return levels.flatMap((level, at) => differences(level, before[at] ?? 0, orders * (ORDER_LINES[at]?.quantity ?? 0)));
}

function isSettled(levels: readonly Level[], before: Sold, orders: number): boolean {
  return levels.every(
    ({ sold, reserved }, at) => reserved === 0 && sold >= (before[at] ?? 0) + orders * (ORDER_LINES[at]?.quantity ?? 0),
  );
}

function differences(level: Level, soldBefore: number, expected: number): readonly string[] {
  const { productId, received, onHand, reserved, available, sold } = level;
  const wrong: string[] = [];
  if (received !== onHand + sold) wrong.push(`${productId}: received ${received} ≠ on hand ${onHand} + sold ${sold}`);
  if (available !== onHand - reserved) wrong.push(`${productId}: available ${available} ≠ ${onHand} − ${reserved}`);
  if (reserved !== 0) wrong.push(`${productId}: ${reserved} still reserved`);
  if (sold - soldBefore !== expected) wrong.push(`${productId}: ${sold - soldBefore} sold, ${expected} ordered`);
  return wrong;
}

async function readLevels(port: number): Promise<readonly Level[]> {
  const { stock } = (await getJson(port, '/stock')) as { readonly stock: readonly Level[] };
  return ORDER_LINES.map(({ productId }) => {
    const level = stock.find((candidate) => candidate.productId === productId);
    if (level === undefined) throw new Error(`${productId} is not in stock`);
    return level;
  });
}
