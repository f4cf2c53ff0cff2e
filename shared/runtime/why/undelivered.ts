import type { MessageLog, Progress } from '../../ports/message-log.ts';
import type { Relayed } from '../../ports/relayed.ts';
import type { Store } from '../../ports/store.ts';
import { type OutboxReadRow, outbox } from '../../ports/tables/outbox.ts';
import { MESSAGES_MAX, messageIn, type Wait } from './wait.ts';

/** How the messages of a function reach their readers. */
export interface Deliveries {
  readonly progress: MessageLog['progress'];
  /** What was sent of the outbox, and why the rest is not; null where the outbox is the log. */
  readonly relay: { readonly relayed: Relayed; unavailableReason(): string | null } | null;
}

type Publisher = { readonly name: string; readonly publishes: string };

/** The messages of this key that were not sent, or that a reader of the function's topic has not read yet. */
export async function undeliveredWaits(
  publisher: Publisher,
  store: Store,
  { progress, relay }: Deliveries,
  key: string,
): Promise<readonly Wait[]> {
  if (relay === null) return unreadWaits(store, await progress(publisher.publishes), key);
  const unsent = await unsentWaits(publisher, store, relay, key);
  // A broker that is unavailable does not hide what waits for it.
  const lanes = await progress(publisher.publishes).catch(() => []);
  return [...unsent, ...(await unreadSentWaits(publisher, store, relay.relayed, lanes, key))];
}

/** Where the outbox is the log, a reader's position is a position of the outbox. */
async function unreadWaits(store: Store, groups: readonly Progress[], key: string): Promise<readonly Wait[]> {
  const waits: Wait[] = [];
  for (const { group, position, end } of groups) {
    if (position >= end) continue;
    const [first] = await messagesOf(store, key, position, 1);
    if (first !== undefined) waits.push(unreadWait(group, first, position, first.position));
  }
  return waits;
}

async function unsentWaits(
  { name }: Publisher,
  store: Store,
  relay: NonNullable<Deliveries['relay']>,
  key: string,
): Promise<readonly Wait[]> {
  const [first] = await messagesOf(store, key, await relay.relayed.sentUpTo(), 1);
  if (first === undefined) return [];
  const { time: since } = first.attributes;
  const message = messageIn(first.attributes);
  const why = relay.unavailableReason();
  const text = `${name} has not sent ${message.type} since ${since}${why === null ? '' : `: ${why}`}`;
  return [{ at: name, kind: 'unsent', detail: text, since, message }];
}

/** Messages of one key lie in one lane, so the first one beyond a reader's position is the one that it reads next. */
async function unreadSentWaits(
  { publishes }: Publisher,
  store: Store,
  relayed: Relayed,
  lanes: readonly Progress[],
  key: string,
): Promise<readonly Wait[]> {
  const behind = lanes.filter(({ lag }) => lag > 0);
  if (behind.length === 0) return [];
  const found = new Map<string, Wait>();
  for (const row of await messagesOf(store, key, 0, MESSAGES_MAX)) {
    const place = await relayed.placeOf(publishes, row.position ?? 0);
    if (place === null) continue;
    for (const { group, partition, position } of behind) {
      if (partition !== place.partition || place.offset < position || found.has(group)) continue;
      found.set(group, unreadWait(group, row, position, place.offset + 1));
    }
  }
  return [...found.values()];
}

function unreadWait(group: string, { attributes }: OutboxReadRow, position: number, place: number | undefined): Wait {
  const message = messageIn(attributes);
  const places = `it is at ${position}, the message at ${place}`;
  const text = `${group} has not read ${message.type} since ${attributes.time}: ${places}`;
  return { at: group, kind: 'unread', detail: text, since: attributes.time, message };
}

function messagesOf(store: Store, key: string, after: number, limit: number): Promise<readonly OutboxReadRow[]> {
  return store.find({ table: outbox, where: { subject: key }, orderBy: ['position'], after: [after], limit });
}
