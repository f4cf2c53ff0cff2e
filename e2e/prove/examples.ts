/** Runs real stores that leave a data folder, for the tests of this folder. */

import { readConfig } from '../../functions/settings.ts';
import { type Part, type RunningStore, startStore } from '../../functions/start-store.ts';
import { openStoreLog } from '../../functions/store-log.ts';
import { catalog } from '../../saga/catalog.ts';
import { functionNames } from '../../saga/choreography.ts';
import { command } from '../../shared/core/message.ts';
import { versionOf } from '../../shared/core/message-catalog.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { type Books, readBooks } from './ledger.ts';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Two orders confirmed, one rejected, and all notices sent. */
export async function runThreeOrders(dataDir: string): Promise<void> {
  await append(dataDir, ['ORDER_A', 3], ['ORDER_B', 100], ['ORDER_C', 2]);
  await run(dataDir, functionNames, isSettled);
}

function isSettled({ readings, notices }: Books): boolean {
  return readings.every(({ position, end }) => position === end && end > 0) && notices.byStatus['sent'] === 6;
}

/**
 * An order in every state: EXPIRED was rejected at its deadline, SOLD is confirmed, DISPATCHED is dispatched, RETURNED
 * was confirmed and cancelled, GIVEN_UP was cancelled while it waited, so that FILLED was confirmed; WAITING is
 * backordered.
 */
export async function runEveryEnding(dataDir: string): Promise<void> {
  await append(dataDir, ['EXPIRED', 1]);
  await run(dataDir, ['order'], ({ orders }) => orders.byStatus['rejected'] === 1, { ORDER_DEADLINE_S: '1' });

  const store = await startStore(functionNames, configOf(dataDir), silent);
  const orders = ordersOf(store);
  await ask(store, 'inventory', 'PUT', '/stock/PRODUCT_001/policy', { whenShort: 'wait' });
  await ask(store, 'inventory', 'POST', '/stock/PRODUCT_002/corrections', { quantity: -2, reason: 'counted again' });
  await orders.place('RETURNED', 2, 'confirmed');
  await orders.change('RETURNED', 'cancel', { reason: 'I have changed my mind' });
  await orders.place('SOLD', 3, 'confirmed');
  await orders.place('DISPATCHED', 1, 'confirmed');
  await orders.change('DISPATCHED', 'dispatch', {});
  await orders.place('GIVEN_UP', 20, 'backordered');
  await orders.place('FILLED', 6, 'backordered');
  await orders.place('WAITING', 50, 'backordered');
  await orders.change('GIVEN_UP', 'cancel', { reason: 'too slow' });
  await orders.is('FILLED', 'confirmed');
  await waitUntil(() => isRead(readBooks(dataDir)));
  await store.stop();
}

/** Runs a store until these orders are placed over HTTP, confirmed, and read by all. */
export async function runOrders(dataDir: string, ...orderIds: readonly string[]): Promise<void> {
  const store = await startStore(functionNames, configOf(dataDir), silent);
  for (const orderId of orderIds) await ordersOf(store).place(orderId, 1, 'confirmed');
  await waitUntil(() => isRead(readBooks(dataDir)));
  await store.stop();
}

function isRead({ readings, notices }: Books): boolean {
  return readings.every(({ position, end }) => position === end) && notices.byStatus['pending'] === undefined;
}

/** Places and changes orders of PRODUCT_001 through the routes of order. */
function ordersOf(store: RunningStore) {
  const is = (orderId: string, status: string) =>
    waitUntil(
      async () => {
        const { status: now } = (await ask(store, 'order', 'GET', `/orders/${orderId}`)) as { status: string };
        return now === status;
      },
      { what: `${orderId} to be ${status}` },
    );
  return {
    is,
    place: async (orderId: string, quantity: number, status: string) => {
      const items = [{ productId: 'PRODUCT_001', quantity, price: 10 }];
      await ask(store, 'order', 'POST', '/orders', { orderId, customerId: 'CUSTOMER_001', items });
      await is(orderId, status);
    },
    change: (orderId: string, path: string, body: object) =>
      ask(store, 'order', 'POST', `/orders/${orderId}/${path}`, body),
  };
}

/** @throws when the answer is not 2xx */
async function ask(
  { apps }: RunningStore,
  name: 'order' | 'inventory',
  method: string,
  path: string,
  body?: object,
): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const request = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
  const response = await apps.get(name)?.request(path, request);
  if (!response?.ok) throw new Error(`${method} ${path}: ${response?.status} ${await response?.text()}`);
  return response.json();
}

function configOf(at: string, env: Readonly<Record<string, string>> = {}) {
  const ports = { GATEWAY_PORT: '0', ORDER_PORT: '0', INVENTORY_PORT: '0', NOTIFICATION_PORT: '0' };
  return readConfig({ ...ports, DATA_DIR: at, ENABLE_AUTOMATION: 'true', ...env });
}

function placeOrder(orderId: string, quantity: number) {
  const lines = [{ productId: 'PRODUCT_001', quantity, priceMinor: 1000 }];
  const data = { orderId, customerId: 'CUSTOMER_001', currency: 'EUR', lines };
  const time = '2026-01-02T03:04:05.678Z';
  const draft = { type: 'PlaceOrder', subject: orderId, data };
  return { ...command(draft, { id: orderId, time, schemaversion: versionOf(catalog, draft.type) }), source: '/import' };
}

/** Runs these parts on the data until `isDone`, and stops them. */
export async function run(
  at: string,
  parts: readonly Part[],
  isDone: (ledger: Books) => boolean,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const store = await startStore(parts, configOf(at, env), silent);
  await waitUntil(() => isDone(readBooks(at)));
  await store.stop();
}

/** Appends orders of PRODUCT_001 to the public topic. */
export async function append(at: string, ...orders: readonly (readonly [orderId: string, quantity: number])[]) {
  const { log } = await openStoreLog(configOf(at), []);
  await log.append(
    'order-commands',
    orders.map(([orderId, quantity]) => placeOrder(orderId, quantity)),
  );
  await log.close();
}
