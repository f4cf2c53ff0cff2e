/** Data folders of stores that really ran, for the tests of this folder. */
import { createLog } from '../../functions/compose.ts';
import { type Part, startStore } from '../../functions/store.ts';
import { SCHEMA_VERSION } from '../../saga/messages.ts';
import { command } from '../../shared/core/message.ts';
import { readConfig } from '../../shared/runtime/config.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { type Books, readBooks } from './books.ts';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Two orders confirmed, one rejected, and all notices sent. */
export async function runThreeOrders(dataDir: string): Promise<void> {
  await append(dataDir, ['ORDER_A', 3], ['ORDER_B', 100], ['ORDER_C', 2]);
  await run(dataDir, ['order', 'inventory', 'notification'], isSettled);
}

function isSettled({ readings, notices }: Books): boolean {
  return readings.every(({ position, end }) => position === end && end > 0) && notices.byStatus['sent'] === 6;
}

function configOf(at: string) {
  const ports = { GATEWAY_PORT: '0', ORDER_PORT: '0', INVENTORY_PORT: '0', NOTIFICATION_PORT: '0' };
  return readConfig({ ...ports, DATA_DIR: at, ENABLE_AUTOMATION: 'true' });
}

function placeOrder(orderId: string, quantity: number) {
  const lines = [{ productId: 'PRODUCT_001', quantity, priceMinor: 1000 }];
  const data = { orderId, customerId: 'CUSTOMER_001', currency: 'EUR', lines };
  const time = '2026-01-02T03:04:05.678Z';
  const draft = { type: 'PlaceOrder', subject: orderId, data };
  return { ...command(draft, { id: orderId, time, schemaversion: SCHEMA_VERSION }), source: '/import' };
}

/** Runs these parts on the data until `isDone`, and stops them. */
export async function run(at: string, parts: readonly Part[], isDone: (books: Books) => boolean): Promise<void> {
  const store = await startStore(parts, configOf(at), silent);
  await waitUntil(() => isDone(readBooks(at)));
  await store.stop();
}

/** Puts orders of PRODUCT_001 into the topic that is open to all. */
export async function append(at: string, ...orders: readonly (readonly [orderId: string, quantity: number])[]) {
  const log = createLog(configOf(at), []);
  await log.append(
    'order-commands',
    orders.map(([orderId, quantity]) => placeOrder(orderId, quantity)),
  );
  await log.close();
}
