import { hasOutcome } from '../../saga/lifecycle.ts';
import type { RetentionRule } from '../../shared/runtime/function.ts';
import { type OrderFactRow, orderFacts, orders } from './tables.ts';

/**
 * Consumed facts of an order are pruned as many days after its end as its own events after they were published: for
 * that time its event log is complete. Facts that came before their order stay until it is placed and has ended.
 */
const factRetention: RetentionRule<OrderFactRow> = {
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

export const retention: readonly RetentionRule[] = [factRetention];
