import { type Message, namedId, newMessage } from '../../core/message.ts';
import { versionOf } from '../../core/message-catalog.ts';
import type { Query } from '../../ports/store.ts';
import type { StoreFunction, Timer } from '../function.ts';

/** The rows whose timer is due by then. */
export function dueQuery({ table, column }: Timer, upTo: string, limit: number): Query<object> {
  return { table, orderBy: [column], atMost: { [column]: upTo }, limit };
}

export function columnOf(row: object, column: string): string {
  return String((row as Record<string, unknown>)[column]);
}

/** What a timer says: the same message however often it is read, from the function to itself. */
export function timerMessage({ name, catalog }: StoreFunction, timer: Timer, row: object): Message {
  const { type, subject, data, correlationid } = timer.message(row);
  const dueAt = columnOf(row, timer.column);
  const key = timer.table.key.map((column) => columnOf(row, column)).join(' ');
  const id = namedId(`${name} ${timer.table.name} ${key} ${timer.column} ${dueAt}`);
  return newMessage({
    id,
    source: `/${name}`,
    type,
    time: dueAt,
    subject,
    partitionkey: subject,
    correlationid: correlationid ?? id,
    causationid: id,
    schemaversion: versionOf(catalog, type),
    data,
    traceparent: undefined,
  });
}
