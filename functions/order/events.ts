import type { Message } from '../../shared/core/message.ts';
import type { Store } from '../../shared/ports/store.ts';
import { outbox } from '../../shared/ports/tables/outbox.ts';
import { orderFacts, orders } from './tables.ts';

/** More than an order can have. */
const EVENTS_MAX = 1_000;

/**
 * The events of an order, its own and those it has heard, in the order in which they came to it. Each event of its own is a
 * version of it; the first ones may be gone, because the log does not keep them for ever.
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
  const gone = Math.max(0, (order?.version ?? 0) - published.length);
  const heard = (isThen: (version: number) => boolean) =>
    facts.filter(({ atVersion }) => isThen(atVersion)).map(({ message }) => message);
  return [
    ...heard((version) => version <= gone),
    ...published.flatMap((row, index) => [
      { ...row.attributes, data: row.data },
      ...heard((version) => version === gone + index + 1),
    ]),
  ];
}
