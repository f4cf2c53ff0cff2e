import { catalog } from '../../saga/catalog.ts';
import { inputsOf } from '../../saga/choreography.ts';
import type { StoreFunction, Timer } from '../../shared/runtime/function.ts';
import { decide } from './decide.ts';
import { sqlite } from './migrations/sqlite.ts';
import { retention } from './retention.ts';
import { evolve, type OrderInput, type OrderOutput, type OrderState } from './state.ts';
import { type Deadlines, load, needs, type OrderRow, orders, save, tables } from './tables.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Sends an order that is due an `ExpireOrder` in its own saga. */
const expiry: Timer<OrderRow> = {
  table: orders,
  column: 'dueAt' satisfies keyof OrderRow,
  message: ({ orderId, correlationId }) => ({
    type: 'ExpireOrder',
    subject: orderId,
    data: { orderId },
    correlationid: correlationId ?? undefined,
  }),
};

/** Takes orders and publishes how each one ends; rejects those that have no outcome in time. */
export function createOrder(deadlines: Deadlines): StoreFunction<OrderState, OrderInput, OrderOutput> {
  return {
    name: 'order',
    inputs: inputsOf('order'),
    consumes: ['order-commands', 'inventory-events'],
    catalog,
    publishes: 'order-events',
    tables,
    migrations: { sqlite },
    timers: [expiry],
    retention,
    rules: { decide, evolve },
    needs,
    load,
    save: (change) => save(change, deadlines),
  };
}

/** Order with the default deadlines. */
export const order = createOrder({ deadlineMs: 15 * MINUTE_MS, backorderDeadlineMs: 7 * DAY_MS });
