import type { Message } from '../../shared/core/message.ts';
import type { Store } from '../../shared/ports/store.ts';
import { outbox } from '../../shared/ports/tables/outbox.ts';
import { orderFacts, orders } from './tables.ts';

/** More events than an order can have. */
const EVENTS_MAX = 1_000;

/**
 * The events of an order in the order in which it published or consumed them. Each event it published is one version of
 * the order; the oldest of them may be removed, because the retention of the log is limited.
 */
export async function eventsOf(store: Store, orderId: string): Promise<readonly Message[]> {
  const [order] = await store.find({ table: orders, where: { orderId }, limit: 1 });
  const facts = await store.find({ table: orderFacts, where: { orderId }, orderBy: ['position'], limit: EVENTS_MAX });
  const published = await store.find({
    table: outbox,
    where: { subject: orderId },
    orderBy: ['position'],
    limit: EVENTS_MAX,
  });
  const removed = Math.max(0, (order?.version ?? 0) - published.length);
  const consumed = (isThen: (version: number) => boolean) =>
    facts.filter(({ atVersion }) => isThen(atVersion)).map(({ message }) => message);
  return [
    ...consumed((version) => version <= removed),
    ...published.flatMap((row, index) => [
      { ...row.attributes, data: row.data },
      ...consumed((version) => version === removed + index + 1),
    ]),
  ];
}
