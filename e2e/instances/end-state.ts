import { reservations, stock } from '../../functions/inventory/tables.ts';
import { orders } from '../../functions/order/tables.ts';
import type { Store } from '../../shared/ports/store.ts';
import { outbox } from '../../shared/ports/tables/outbox.ts';
import { deadLetters, parked } from '../../shared/ports/tables/retry.ts';

/** Of reservations that hold nothing; which one it is depends on what came first. */
const NOTHING_HELD: readonly string[] = ['released', 'returned', 'rejected', 'refused'];

/** What a customer, a bookkeeper and an operator see, as far as it does not depend on what came first. */
export async function endStateOf(ofOrder: Store, ofInventory: Store) {
  const rows = await ofOrder.find({ table: orders, orderBy: ['orderId'], limit: 999 });
  const levels = await ofInventory.find({ table: stock, orderBy: ['productId'], limit: 99 });
  const held = await ofInventory.find({ table: reservations, orderBy: ['orderId'], limit: 999 });
  return {
    orders: rows.map(({ orderId, status, reasonCode }) => [orderId, status, reasonCode]),
    reservations: held.map(({ orderId, status }) => [orderId, NOTHING_HELD.includes(status) ? 'nothing' : status]),
    // What is held and given back is two movements more than what was refused at once.
    stock: levels.map(({ movements: _, ...level }) => level),
    waiting: await Promise.all([ofOrder, ofInventory].map(waitingAt)),
    publishedTwice: (await Promise.all([ofOrder, ofInventory].map(publishedTwice))).flat(),
  };
}

async function waitingAt(store: Store) {
  const waiting = await store.find({ table: parked, orderBy: ['key', 'number'], limit: 999 });
  const dead = await store.find({ table: deadLetters, orderBy: ['key'], limit: 999 });
  return {
    parked: waiting.map(({ key, attributes }) => [key, attributes['type']]),
    dead: dead.map(({ key, status, code, attempts }) => [key, status, code, attempts]),
  };
}

/** The ids that are in the outbox more than once. */
async function publishedTwice(store: Store): Promise<readonly string[]> {
  const ids = (await store.find({ table: outbox, limit: 9_999 })).map(({ attributes: { id } }) => id);
  return ids.filter((id, index) => ids.indexOf(id) < index);
}
