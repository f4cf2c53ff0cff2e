/** What the tests of the console bring a store to: commands from outside, faults, dead letters. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { FunctionName } from '../../saga/choreography.ts';
import type { DeadLetterBody, DeadLetterSummaryBody } from '../../shared/runtime/dead-letters/schemas.ts';
import { get, orderOf, post } from '../scenarios/client.ts';
import { run, type TestStore, temporaryFolder } from '../scenarios/harness.ts';
import { waitUntil } from '../tools/wait-until.ts';

/** One failure that looks like a bug makes a dead letter. */
export const atOnce = { RETRY_BUG_ATTEMPTS: '1' };

/** Text that would do harm where a page took it for markup, a link, or the direction of a text. */
export const HOSTILE =
  '"><img src=x onerror="globalThis.harm=1"><script>globalThis.harm=1</script><a href="javascript:globalThis.harm=1">x</a>\u202egnp.exe';

/** A command from outside, to place an order. */
export function commandOf(orderId: string, changes: object = {}, quantity = 1) {
  const lines = [{ productId: 'PRODUCT_001', quantity, priceMinor: 1000 }];
  const data = { orderId, customerId: 'CUSTOMER_001', currency: 'EUR', lines };
  return { id: `c-${orderId}`, source: '/import', type: 'PlaceOrder', subject: orderId, data, ...changes };
}

/** Appends commands to the public topic. */
export async function produce(store: TestStore, ...commands: readonly object[]): Promise<void> {
  const file = join(temporaryFolder(), 'commands.json');
  writeFileSync(file, JSON.stringify(commands));
  const { exit } = run('dist/e2e/tools/produce.js', ['order-commands', file], store.env);
  expect(await exit).toEqual({ code: 0, signal: null });
}

export async function setFaults(store: TestStore, name: FunctionName, faults: object): Promise<void> {
  expect((await post(store.url('/automation-testing/faults', name), faults)).status).toBe(200);
}

export async function place(store: TestStore, ...orderIds: readonly string[]): Promise<void> {
  for (const orderId of orderIds) {
    expect((await post(store.url('/orders'), orderOf(orderId, 1, 'PRODUCT_002'))).status).toBe(202);
  }
}

/** Waits until a function has `count` dead letters in this status. */
export async function deadLettersOf(
  store: TestStore,
  name: FunctionName,
  count: number,
  status = 'open',
): Promise<readonly DeadLetterSummaryBody[]> {
  let found: readonly DeadLetterSummaryBody[] = [];
  const path = store.url(`/operations/${name}/dead-letters?limit=200&status=${status}`);
  const areThere = async () => {
    found = (await get<{ letters: DeadLetterSummaryBody[] }>(path)).letters;
    return found.length === count;
  };
  await waitUntil(areThere, { timeoutMs: 30_000, what: `${count} dead letters of ${name} that are ${status}` });
  return found;
}

export function deadLetter(store: TestStore, name: FunctionName, letter: string): Promise<DeadLetterBody> {
  return get<DeadLetterBody>(store.url(`/operations/${name}/dead-letters/${letter}`));
}

/** Orders whose reservation failed as by a bug, each a dead letter of inventory; the bug is fixed afterwards if `isFixed`. */
export async function withBug(store: TestStore, orderIds: readonly string[], isFixed = true): Promise<void> {
  await setFaults(store, 'inventory', { poison: { share: 1, as: 'bug' } });
  await place(store, ...orderIds);
  await deadLettersOf(store, 'inventory', orderIds.length);
  if (isFixed) await setFaults(store, 'inventory', { poison: null });
}
