import { shortHash } from '../../core/hash.ts';
import type { Message } from '../../core/message.ts';
import type { LogRecord } from '../../ports/message-log.ts';
import type { InboxKey, Need } from '../../ports/store.ts';
import { deadLetters, type ParkedRow, parked, parkedKeys } from '../../ports/tables/retry.ts';
import type { StoreFunction, Timer } from '../function.ts';
import { keyOfRecord, type ParsedRecord } from './parse-record.ts';

/** A command that somebody waits for. */
export interface IncomingCommand {
  readonly from: 'command';
  readonly message: Message;
  /** Whether its id may come again, so that the inbox has to remember it. */
  readonly deduplicate: boolean;
}

/** A record of a topic. */
export interface IncomingRecord {
  readonly from: 'log';
  readonly record: LogRecord;
  readonly received: ParsedRecord;
}

/** A message that was parked and is the head of its key now, or will be when those before it have passed. */
export interface IncomingRetry {
  readonly from: 'parked';
  readonly row: ParkedRow;
  /** The letter that is being replayed with it, or null. */
  readonly letter: string | null;
  readonly received: ParsedRecord;
}

/** A timer that is due: the row that asked to be heard of, and what is handled. */
export interface IncomingTimer {
  readonly from: 'timer';
  readonly timer: Timer;
  readonly row: object;
  readonly message: Message;
}

/** Something that waits at a function. */
export type Incoming = IncomingCommand | IncomingRecord | IncomingRetry | IncomingTimer;

/** The message in it; null where there is none that could be handled. */
function messageOf(item: Incoming): Message | null {
  if (item.from === 'command' || item.from === 'timer') return item.message;
  return item.received.kind === 'message' ? item.received.message : null;
}

/** Whether the inbox is asked about it. A timer is taken off its row in the commit that handles it. */
export function isDeduplicated(item: Incoming): boolean {
  return item.from === 'command' ? item.deduplicate : item.from !== 'timer';
}

/** The key in whose order it waits; null for what waits for nobody. */
export function keyOf(item: Incoming): string | null {
  switch (item.from) {
    case 'parked':
      return item.row.key;
    case 'log': {
      const { received, record } = item;
      if (received.kind === 'message') return received.message.partitionkey;
      return received.kind === 'rejected' && received.code === 'newer_version' ? keyOfRecord(record) : null;
    }
    default:
      return messageOf(item)?.partitionkey ?? null;
  }
}

/** The id of the letter that a record becomes when nobody can handle it: the same however often it is delivered. */
export function deadLetterIdOf(name: string, { topic, partition, position, attributes }: LogRecord): string {
  return shortHash(`${name} ${topic} ${partition} ${position} ${String(attributes['id'])}`);
}

/** The record a message without one is kept as, should it fail. */
export function recordOf(topic: string, { data, ...attributes }: Message): LogRecord {
  return { topic, partition: 0, position: 0, attributes, value: JSON.stringify(data) };
}

/** The rows that a batch looks at. Those in `failures` are not decided, and the rules are not asked what they need. */
export function needsOf(
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
    if (item.from === 'log' && item.received.kind === 'rejected' && key !== null) {
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

/** The messages that the inbox is asked about. */
export function inboxKeysOf(incoming: readonly Incoming[]): readonly InboxKey[] {
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
