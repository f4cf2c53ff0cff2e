import type { LogRecord } from '../../ports/message-log.ts';
import { inbox } from '../../ports/tables/inbox.ts';
import { outboxHeads } from '../../ports/tables/outbox.ts';
import {
  type DeadLetterSummary,
  deadLetterSummaries,
  type ParkedRow,
  parked,
  parkedKeys,
} from '../../ports/tables/retry.ts';
import { deadLetterIdOf } from '../handle/incoming.ts';
import type { Inspected } from './inspected.ts';
import type { AskedBody, ReadsBody } from './part-representation.ts';

/** Rows of one key, and newest dead letters, that are looked at. */
export const ROWS_MAX = 1_000;

type Read = ReadsBody['reads'][number];
/** Of a letter in these states the message itself may be handled. */
const MAY_BE_HANDLED: ReadonlySet<DeadLetterSummary['code']> = new Set(['id_reused', 'late']);

/**
 * What became of each of these messages at this function, from its inbox and watermarks, its parked messages and its dead letters;
 * of a command of a client, or a timer, also from the events that it has led to.
 */
export async function readsOf(inspected: Inspected, asked: readonly AskedBody[]): Promise<readonly Read[]> {
  const letters = await recentLetters(inspected);
  const byKey = new Map<string, KeyFacts>();
  const reads: Read[] = [];
  for (const message of asked) {
    const facts = byKey.get(message.key) ?? (await factsOf(inspected, message.key));
    byKey.set(message.key, facts);
    reads.push(await readOf(inspected, message, facts, letters));
  }
  return reads;
}

/** What the function has of a key. */
interface KeyFacts {
  readonly parked: ReadonlySet<string>;
  /** The dead letter that blocks the key, or is replayed. */
  readonly letter: string | null;
  /** The ids of the messages that its events answer. */
  readonly answered: ReadonlySet<unknown>;
}

async function factsOf({ store }: Inspected, key: string): Promise<KeyFacts> {
  const [rows, [row], heads] = await Promise.all([
    store.find<ParkedRow>({ table: parked, where: { key }, orderBy: ['number'], limit: ROWS_MAX }),
    store.find({ table: parkedKeys, where: { key }, limit: 1 }),
    store.find({ table: outboxHeads, where: { subject: key }, orderBy: ['position'], limit: ROWS_MAX }),
  ]);
  return {
    parked: new Set(rows.map(({ attributes }) => nameOf(attributes))),
    letter: row?.letter ?? null,
    answered: new Set(heads.map(({ attributes }) => attributes.causationid)),
  };
}

async function readOf(
  inspected: Inspected,
  message: AskedBody,
  facts: KeyFacts,
  letters: ReadonlyMap<string, DeadLetterSummary>,
): Promise<Read> {
  const name = nameOf({ source: message.source, id: message.id });
  const letter = (await letterAt(inspected, message)) ?? letters.get(name) ?? null;
  const isOver = letter !== null && letter.status !== 'replayed' && letter.status !== 'replaying';
  if (isOver) return { state: 'dead', letter: letter.letter };
  if (facts.parked.has(name)) return { state: 'parked', letter: facts.letter };
  const isHandled =
    (await isInInbox(inspected, message)) || facts.answered.has(message.id) || isBelowWatermark(inspected, message);
  return { state: isHandled ? 'handled' : null, letter: null };
}

/** The dead letter that this very delivery became. */
async function letterAt(
  { fn, store }: Inspected,
  { id, topic, delivered }: AskedBody,
): Promise<DeadLetterSummary | null> {
  if (topic === null || delivered === null) return null;
  const letter = deadLetterIdOf(fn.name, { topic, ...delivered, attributes: { id }, value: '' });
  const [row] = await store.find({ table: deadLetterSummaries, where: { letter }, limit: 1 });
  return row === undefined || MAY_BE_HANDLED.has(row.code) ? null : row;
}

/** Messages that became dead letters at another place: timers, commands, and copies that were sent again. */
async function recentLetters({ store }: Inspected): Promise<ReadonlyMap<string, DeadLetterSummary>> {
  const query = { table: deadLetterSummaries, orderBy: ['sequence'], descending: true, limit: ROWS_MAX };
  const rows = (await store.find(query)).filter(({ code }) => !MAY_BE_HANDLED.has(code));
  return new Map(rows.reverse().map((row) => [nameOf(row.attributes), row]));
}

async function isInInbox({ fn, store }: Inspected, { source, id }: AskedBody): Promise<boolean> {
  const [row] = await store.find({ table: inbox, where: { consumer: fn.name, source, id }, limit: 1 });
  return row !== undefined;
}

function isBelowWatermark({ log, watermarks }: Inspected, message: AskedBody): boolean {
  const { topic, epoch, position, delivered, key } = message;
  if (topic === null || delivered === null) return false;
  const record: LogRecord = { topic, ...delivered, attributes: { partitionkey: key }, value: '' };
  if (log.features.isOutbox) return watermarks.has({ ...record, epoch });
  const sent = { epoch, position, lanes: log.features.partitions, token: 1 };
  return watermarks.has({ ...record, sent });
}

function nameOf({ source, id }: Readonly<Record<string, unknown>>): string {
  return `${source} ${id}`;
}
