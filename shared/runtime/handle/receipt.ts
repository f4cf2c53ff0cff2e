import type { Message } from '../../core/message.ts';
import type { MessageCatalog } from '../../core/message-catalog.ts';
import { RECEIVED_AT, receivedAt } from '../../core/receipt.ts';
import type { LogRecord } from '../../ports/message-log.ts';
import type { StoredRecord } from '../../ports/tables/retry.ts';

/**
 * When a record from outside was received, by the store's own clocks; null for a record whose own time holds.
 *
 * The log may have noted it. A note later than `now` comes from a clock that was ahead, and without a note the record is
 * received now.
 */
export function receiptOf({ topic, attributes }: StoredRecord, catalog: MessageCatalog, now: string): string | null {
  const hasTime = attributes['time'] !== undefined && attributes['time'] !== null;
  if (hasTime && !catalog.publicTopics.has(topic)) return null;
  const noted = receivedAt(attributes);
  return noted !== null && noted <= now ? noted : now;
}

/** The record with the note of its receipt, which it keeps wherever it is stored. */
export function withReceipt(record: LogRecord, receipt: string | null): LogRecord {
  if (receipt === null || record.attributes[RECEIVED_AT] === receipt) return record;
  return { ...record, attributes: { ...record.attributes, [RECEIVED_AT]: receipt } };
}

/** The message, received at that time. */
export function receivedWhen(message: Message, receipt: string | null): Message {
  return receipt === null || message.time === receipt ? message : { ...message, time: receipt };
}

/** The message of a sender outside, whose `requested` time is kept beside the time of its receipt. */
export function asReceived(message: Message, requested: string | null, attributes: LogRecord['attributes']): Message {
  const received = receivedWhen(message, receivedAt(attributes));
  return requested === null ? received : { ...received, requestedat: requested };
}
