import { type Need, table, type Write } from '../../shared/ports/store.ts';
import type { Change, RowReader } from '../../shared/runtime/function.ts';
import type { Notice, NotificationInput, NotificationState } from './state.ts';

export interface NoticeRow extends Notice {
  /** The order in which notices were written; the position of the stream. */
  readonly position?: number;
}

export const notices = table<NoticeRow>(
  'notice',
  {
    position: 'sequence',
    notificationId: 'text',
    customerId: 'text',
    orderId: 'text',
    fact: 'text',
    channel: 'text',
    status: 'text',
    text: 'text',
    createdAt: 'text',
    sentAt: 'text',
  },
  { key: ['orderId', 'fact'] },
);

export const tables = [notices];

/** `NoticesSent` names a notice by its order and fact, the key of the table, so that many are found with one look each. */
export function needs(message: NotificationInput): readonly Need[] {
  return keysOf(message).map((values) => ({ table: notices, values }));
}

export function load(rows: RowReader, message: NotificationInput): NotificationState {
  return { notices: keysOf(message).flatMap((key) => rows.one(notices, ...key) ?? []) };
}

export function save({ before, after }: Change<NotificationState, NotificationInput>): readonly Write[] {
  return after.notices
    .filter((notice, index) => notice !== before.notices[index])
    .map((notice) => ({ table: notices, row: notice }));
}

function keysOf(message: NotificationInput): readonly (readonly [orderId: string, fact: string])[] {
  if (message.type === 'NoticesSent') return message.data.notices.map(({ orderId, fact }) => [orderId, fact]);
  return [[message.data.orderId, message.type]];
}
