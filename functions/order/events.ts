import type { Message } from '../../shared/core/message.ts';
import { outbox } from '../../shared/ports/outbox.ts';
import type { Store } from '../../shared/ports/store.ts';
import { orderFacts } from './tables.ts';

/** More than an order can have. */
const EVENTS_MAX = 1_000;

/** The events of an order, its own and those it has heard, in the order in which they came to it. */
export async function eventsOf(store: Store, orderId: string): Promise<readonly Message[]> {
  const facts = await store.find({ table: orderFacts, where: { orderId }, orderBy: ['position'], limit: EVENTS_MAX });
  const published = await store.find({
    table: outbox,
    where: { subject: orderId },
    orderBy: ['position'],
    limit: EVENTS_MAX,
  });
  const heardAt = (version: number) =>
    facts.filter(({ atVersion }) => atVersion === version).map(({ message }) => message);
  return [
    ...heardAt(0),
    ...published.flatMap((row, index) => [{ ...row.attributes, data: row.data }, ...heardAt(index + 1)]),
  ];
}
