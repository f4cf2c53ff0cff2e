import { CLIENT_SOURCE } from '../../core/message.ts';
import { inbox } from '../../ports/tables/inbox.ts';
import { deadLetterSummaries, deadLetters, parked, parkedKeys, type StoredRecord } from '../../ports/tables/retry.ts';
import { browseTopic, firstPositionWhen, type TopicPage } from './browse-topic.ts';
import type { Inspected } from './inspected.ts';
import { located } from './locate.ts';
import { keyIn, messageBody, type StoredMessage } from './message-body.ts';
import { sourceOf } from './message-source.ts';
import type { FunctionTraceBody, HeldBody } from './part-representation.ts';
import { ROWS_MAX } from './reads.ts';
import { ownTopicNamesOf } from './topics.ts';

/** Messages of one key from one function: a product may have more. */
const TRACE_MAX = 500;
const HELD_MAX = 100;
const PUBLIC_MAX = 50;

/** What this function knows about a key. */
export async function functionTraceOf(inspected: Inspected, key: string): Promise<FunctionTraceBody> {
  const { fn } = inspected;
  const own = await ownMessages(inspected, key);
  const messages = fn.publishes === null ? [] : [...(await located(inspected, fn.publishes, own.messages))];
  let isWhole = own.next === null;
  for (const topic of ownTopicNamesOf(inspected).filter((name) => name !== fn.publishes)) {
    const found = await publicMessages(inspected, topic, key, own.messages);
    messages.push(...(await located(inspected, topic, found.messages)));
    isWhole &&= found.next === null;
  }
  const held = await heldOf(inspected, key);
  return { messages, held, steps: [...(await inspected.stepsOf(key))], isWhole: isWhole && held.length < HELD_MAX };
}

const nothing: TopicPage = { messages: [], scanned: 0, next: null };

/** The newest ones, in their order. */
async function ownMessages(inspected: Inspected, key: string): Promise<TopicPage> {
  const { publishes } = inspected.fn;
  if (publishes === null) return nothing;
  const options = { places: new Map(), isBackwards: true, limit: TRACE_MAX, matches: () => true };
  return inOrder(await browseTopic(sourceOf(inspected, publishes, { key }), options));
}

/**
 * Commands about the key in a public topic. Looking for them means reading the topic, so that is done only where an event has a
 * cause that neither a client nor another function has sent, or where there is no event: from the first such event back.
 */
async function publicMessages(
  inspected: Inspected,
  topic: string,
  key: string,
  own: readonly StoredMessage[],
): Promise<TopicPage> {
  const unknown = await firstOfUnknownCause(inspected, own);
  if (own.length > 0 && unknown === null) return nothing;
  const source = sourceOf(inspected, topic, {});
  const last = own.at(-1)?.attributes['time'];
  const places = new Map<number, number>();
  if (typeof last === 'string') {
    for (const sequence of source.sequences) {
      places.set(sequence, (await firstPositionWhen(source, sequence, (time) => time > last)) - 1);
    }
  }
  const matches = ({ attributes }: StoredMessage) => keyIn(attributes) === key;
  const found = await browseTopic(source, { places, isBackwards: true, limit: PUBLIC_MAX, matches });
  // One that began the saga is the oldest of its key: what lies before it is about others.
  const isFound = unknown !== null && found.messages.some(({ attributes }) => attributes['id'] === unknown);
  return inOrder(isFound ? { ...found, next: null } : found);
}

function inOrder(page: TopicPage): TopicPage {
  return { ...page, messages: [...page.messages].reverse() };
}

/** The cause of the first event that no client and no other function has sent; null where there is none. */
async function firstOfUnknownCause(
  { fn, store, writerOf }: Inspected,
  own: readonly StoredMessage[],
): Promise<string | null> {
  const writers = fn.consumes.flatMap((topic) => writerOf(topic) ?? []);
  const sources = [CLIENT_SOURCE, ...writers.map((name) => `/${name}`)];
  const isKnown = async (id: string) => {
    for (const source of sources) {
      const [row] = await store.find({ table: inbox, where: { consumer: fn.name, source, id }, limit: 1 });
      if (row !== undefined) return true;
    }
    return false;
  };
  const causes = new Set(own.map(({ attributes }) => String(attributes['causationid'])));
  for (const id of causes) if (!(await isKnown(id))) return id;
  return null;
}

/** Messages about the key that could not be handled here: those that wait, and dead letters that were not replayed. */
async function heldOf({ store }: Inspected, key: string): Promise<HeldBody[]> {
  const [rows, [waiting], recent] = await Promise.all([
    store.find({ table: parked, where: { key }, orderBy: ['number'], limit: HELD_MAX }),
    store.find({ table: parkedKeys, where: { key }, limit: 1 }),
    store.find({ table: deadLetterSummaries, orderBy: ['sequence'], descending: true, limit: ROWS_MAX }),
  ]);
  const held = rows.map((row) => heldBody(row, 'parked', waiting?.letter ?? null));
  const dead = recent.filter((row) => row.key === key || keyIn(row.attributes) === key);
  for (const { letter } of dead.slice(0, HELD_MAX)) {
    const [row] = await store.find({ table: deadLetters, where: { letter }, limit: 1 });
    const isOver = row === undefined || row.status === 'replaying' || row.status === 'replayed';
    if (!isOver) held.push(heldBody(row, 'dead', letter));
  }
  return held.slice(0, HELD_MAX);
}

function heldBody(row: StoredRecord, state: HeldBody['state'], letter: string | null): HeldBody {
  return { message: messageBody(row), topic: row.topic, state, letter };
}
