import { shortHash } from '../../core/hash.ts';
import type { Message } from '../../core/message.ts';
import type { LogRecord } from '../../ports/message-log.ts';
import type { InboxKey, Need } from '../../ports/store.ts';
import { letters, type ParkedRow, parked, parkedKeys } from '../../ports/tables/retry.ts';
import type { StoreFunction, Timer } from '../function.ts';
import { keyOfRecord, type Received } from './parse-record.ts';

/** A command that somebody waits for. */
export interface CommandArrival {
  readonly from: 'command';
  readonly message: Message;
  /** Whether its id may come again, so that the inbox has to remember it. */
  readonly deduplicate: boolean;
}

/** A record of a topic. */
export interface RecordArrival {
  readonly from: 'log';
  readonly record: LogRecord;
  readonly received: Received;
}

/** A message that was parked and is the head of its key now, or will be when those before it have passed. */
export interface ParkedArrival {
  readonly from: 'parked';
  readonly row: ParkedRow;
  /** The letter that is being replayed with it, or null. */
  readonly letter: string | null;
  readonly received: Received;
}

/** A timer that is due: the row that asked to be heard of, and what is handled. */
export interface DueArrival {
  readonly from: 'timer';
  readonly timer: Timer;
  readonly row: object;
  readonly message: Message;
}

/** Something that waits at a function. */
export type Arrival = CommandArrival | RecordArrival | ParkedArrival | DueArrival;

/** The message in it; null where there is none that could be handled. */
function messageOf(arrival: Arrival): Message | null {
  if (arrival.from === 'command' || arrival.from === 'timer') return arrival.message;
  return arrival.received.kind === 'message' ? arrival.received.message : null;
}

/** Whether the inbox is asked about it. A timer is taken off its row in the commit that handles it. */
export function isDeduplicated(arrival: Arrival): boolean {
  return arrival.from === 'command' ? arrival.deduplicate : arrival.from !== 'timer';
}

/** The key in whose order it waits; null for what waits for nobody. */
export function keyOf(arrival: Arrival): string | null {
  switch (arrival.from) {
    case 'parked':
      return arrival.row.key;
    case 'log': {
      const { received, record } = arrival;
      if (received.kind === 'message') return received.message.partitionkey;
      return received.kind === 'unfit' && received.code === 'newer_version' ? keyOfRecord(record) : null;
    }
    default:
      return messageOf(arrival)?.partitionkey ?? null;
  }
}

/** The id of the letter that a record becomes when nobody can handle it: the same however often it is delivered. */
export function letterIdOf(name: string, { topic, partition, position, attributes }: LogRecord): string {
  return shortHash(`${name} ${topic} ${partition} ${position} ${String(attributes['id'])}`);
}

/** The record a message without one is kept as, should it fail. */
export function recordOf(topic: string, { data, ...attributes }: Message): LogRecord {
  return { topic, partition: 0, position: 0, attributes, value: JSON.stringify(data) };
}

/** The rows that a batch looks at. Those in `failures` are not decided, and the rules are not asked what they need. */
export function needsOf(
  fn: StoreFunction,
  arrivals: readonly Arrival[],
  failures: ReadonlyMap<Arrival, unknown> = new Map(),
): readonly Need[] {
  const needs: Need[] = [];
  for (const arrival of arrivals) {
    const message = messageOf(arrival);
    if (message !== null && !failures.has(arrival)) needs.push(...fn.needs(message));
    if (arrival.from === 'command') continue;
    const key = keyOf(arrival);
    if (key !== null) needs.push({ table: parkedKeys, values: [key] });
    if (arrival.from === 'log' && arrival.received.kind === 'unfit' && key !== null) {
      needs.push({ table: letters, values: [letterIdOf(fn.name, arrival.record)] });
    }
    if (arrival.from === 'timer') needs.push({ table: arrival.timer.table, values: timerKey(arrival) });
    if (arrival.from !== 'parked') continue;
    const { row, letter } = arrival;
    needs.push({ table: parked, values: [row.key, String(row.number)] });
    needs.push({ table: letters, values: [letterIdOf(fn.name, row)] });
    if (letter !== null) needs.push({ table: letters, values: [letter] });
  }
  return needs;
}

/** The messages that the inbox is asked about. */
export function inboxKeysOf(arrivals: readonly Arrival[]): readonly InboxKey[] {
  const keys: InboxKey[] = [];
  for (const arrival of arrivals) {
    const message = isDeduplicated(arrival) ? messageOf(arrival) : null;
    if (message !== null) keys.push(message);
  }
  return keys;
}

/** The key of the row whose timer it is. */
export function timerKey({ timer, row }: DueArrival): readonly string[] {
  return timer.table.key.map((column) => String((row as Record<string, unknown>)[column]));
}
