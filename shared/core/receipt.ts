import { isUtcTime } from './utc-time.ts';

/**
 * The extension attribute with the time at which the store received a record from outside, by the store's own clock: the
 * sender's `time` is a claim, and optional.
 */
export const RECEIVED_AT = 'receivedat';

type Attributes = Readonly<Record<string, unknown>>;

/** When the store received the record; null where it is not noted. */
export function receivedAt(attributes: Attributes): string | null {
  const time = attributes[RECEIVED_AT];
  return isUtcTime(time) ? time : null;
}

/** When the record was received, or else its `time`; null where neither is a time. */
export function writtenAt(attributes: Attributes): string | null {
  const received = receivedAt(attributes);
  if (received !== null) return received;
  const { time } = attributes as { readonly time?: unknown };
  return typeof time === 'string' && !Number.isNaN(Date.parse(time)) ? time : null;
}
