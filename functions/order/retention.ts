import { hasOutcome } from '../../saga/lifecycle.ts';
import type { RetentionRule } from '../../shared/runtime/function.ts';
import { type OrderFactRow, orderFacts, orders } from './tables.ts';

/**
 * What an order has heard goes as long after its end as its own events go after they were said: its event log is whole for
 * that time, and then it is gone. What was heard before its order waits for it.
 */
const keptFacts: RetentionRule<OrderFactRow> = {
  table: orderFacts,
  days: 'log',
  orderBy: ['position'],
  needs: ({ orderId }) => [{ table: orders, values: [orderId] }],
  overSince({ orderId }, rows) {
    const order = rows.one(orders, orderId);
    return order === undefined || !hasOutcome(order.status) ? null : order.updatedAt;
  },
  writtenAt: ({ message }) => message.time,
};

export const retention: readonly RetentionRule[] = [keptFacts];
