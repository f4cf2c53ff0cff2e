import { shortHash } from '../../core/hash.ts';
import type { Message } from '../../core/message.ts';
import type { LogRecord } from '../../ports/message-log.ts';
import type { InboxKey, Lane, Need, UnitOfWork } from '../../ports/store.ts';
import { readMarks } from '../../ports/tables/inbox.ts';
import { deadLetters, type ParkedRow, parked, parkedKeys } from '../../ports/tables/retry.ts';
import type { StoreFunction, Timer } from '../function.ts';
import { keyOfRecord, type ParsedRecord } from './parse-record.ts';

/** A command whose sender waits for the outcome. */
export interface IncomingCommand {
  readonly from: 'command';
  readonly message: Message;
  /** Whether it can be sent again under the same id, so that the inbox has to remember it. */
  readonly deduplicate: boolean;
  /** Checked with the state that it would change, unless it is a duplicate: a refusal, or null to go on. */
  readonly precondition?: Precondition | undefined;
}

/** Decides inside the commit whether a command may change the state. @returns why not, or null */
export type Precondition = (state: unknown) => { readonly code: string; readonly detail: string } | null;

/** A record of a topic. */
export interface IncomingRecord {
  readonly from: 'log';
  readonly record: LogRecord;
  readonly parsed: ParsedRecord;
}

/** A parked message: the head of its key, or the head once those before it have passed. */
export interface IncomingRetry {
  readonly from: 'parked';
  readonly row: ParkedRow;
  /** The dead letter that is replayed with it, or null. */
  readonly letter: string | null;
  readonly parsed: ParsedRecord;
}

/** A timer that is due: its row, and the message to handle. */
export interface IncomingTimer {
  readonly from: 'timer';
  readonly timer: Timer;
  readonly row: object;
  readonly message: Message;
}

/** An incoming message of a function. */
export type Incoming = IncomingCommand | IncomingRecord | IncomingRetry | IncomingTimer;

/** The message in it; null where the record was rejected or skipped. */
function messageOf(item: Incoming): Message | null {
  if (item.from === 'command' || item.from === 'timer') return item.message;
  return item.parsed.kind === 'message' ? item.parsed.message : null;
}

/** Whether the inbox is checked for it. A timer needs no check: the commit that handles it clears it from its row. */
export function isDeduplicated(item: Incoming): boolean {
  return item.from === 'command' ? item.deduplicate : item.from !== 'timer';
}

/** The key in whose order it is handled; null where it has none. */
export function keyOf(item: Incoming): string | null {
  switch (item.from) {
    case 'parked':
      return item.row.key;
    case 'log': {
      const { parsed, record } = item;
      if (parsed.kind === 'message') return parsed.message.partitionkey;
      return parsed.kind === 'rejected' && parsed.code === 'newer_version' ? keyOfRecord(record) : null;
    }
    default:
      return messageOf(item)?.partitionkey ?? null;
  }
}

/** The id of the dead letter for a record: the same however often the record is delivered. */
export function deadLetterIdOf(name: string, { topic, partition, position, attributes }: LogRecord): string {
  return shortHash(`${name} ${topic} ${partition} ${position} ${String(attributes['id'])}`);
}

/** The record under which a message that came from no topic is stored if it fails. */
export function recordOf(topic: string, { data, ...attributes }: Message): LogRecord {
  return { topic, partition: 0, position: 0, attributes, value: JSON.stringify(data) };
}

/**
 * The rows that a batch reads. Messages in `failures` are not decided, so the rows that their rules need are left out.
 */
function needsOf(
  fn: StoreFunction,
  incoming: readonly Incoming[],
  failures: ReadonlyMap<Incoming, unknown> = new Map(),
): readonly Need[] {
  const needs: Need[] = [];
  for (const item of incoming) {
    const message = messageOf(item);
    if (message !== null && !failures.has(item)) needs.push(...fn.needs(message));
    if (item.from === 'command') continue;
    const key = keyOf(item);
    if (key !== null) needs.push({ table: parkedKeys, values: [key] });
    if (item.from === 'log' && item.record.sent !== undefined) {
      needs.push({ table: readMarks, values: [item.record.topic, String(item.record.partition)] });
    }
    if (item.from === 'log' && item.parsed.kind === 'rejected' && key !== null) {
      needs.push({ table: deadLetters, values: [deadLetterIdOf(fn.name, item.record)] });
    }
    if (item.from === 'timer') needs.push({ table: item.timer.table, values: timerKey(item) });
    if (item.from !== 'parked') continue;
    const { row, letter } = item;
    needs.push({ table: parked, values: [row.key, String(row.number)] });
    needs.push({ table: deadLetters, values: [deadLetterIdOf(fn.name, row)] });
    if (letter !== null) needs.push({ table: deadLetters, values: [letter] });
  }
  return needs;
}

/** What a batch reads, and what no other one may handle at the same time. */
export function unitOf(
  fn: StoreFunction,
  incoming: readonly Incoming[],
  failures?: ReadonlyMap<Incoming, unknown>,
): Required<UnitOfWork> {
  const needs = needsOf(fn, incoming, failures);
  const keys = incoming.map(keyOf).filter((key) => key !== null);
  return { needs, inbox: inboxKeysOf(incoming), keys, places: placesOf(incoming) };
}

/** The lanes that its records come from, each once. */
function placesOf(incoming: readonly Incoming[]): readonly Lane[] {
  const places: Lane[] = [];
  for (const item of incoming) {
    if (item.from !== 'log') continue;
    const { topic, partition } = item.record;
    const isKnown = places.some((place) => place.partition === partition && place.topic === topic);
    if (!isKnown) places.push({ topic, partition });
  }
  return places;
}

/** The messages that the inbox is checked for. */
function inboxKeysOf(incoming: readonly Incoming[]): readonly InboxKey[] {
  const keys: InboxKey[] = [];
  for (const item of incoming) {
    const message = isDeduplicated(item) ? messageOf(item) : null;
    if (message !== null) keys.push(message);
  }
  return keys;
}

/** The key of the row whose timer it is. */
export function timerKey({ timer, row }: IncomingTimer): readonly string[] {
  return timer.table.key.map((column) => String((row as Record<string, unknown>)[column]));
}
