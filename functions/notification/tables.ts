import { type Need, table, type Write } from '../../shared/ports/store.ts';
import type { Change, RowReader } from '../../shared/runtime/function.ts';
import type { Notice, NotificationInput, NotificationState, Sending } from './state.ts';

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

/** The same rows with only the columns that their sending changes, so that reading many is cheap. */
const sendings = table<Sending>(
  'notice',
  { orderId: 'text', fact: 'text', status: 'text', sentAt: 'text' },
  { key: ['orderId', 'fact'] },
);

export const tables = [notices, sendings];

/**
 * `NoticesSent` names each notice by order and fact, the key of the table, so that each is found with one lookup.
 */
export function needs(message: NotificationInput): readonly Need[] {
  if (message.type !== 'NoticesSent') return [{ table: notices, values: [message.data.orderId, message.type] }];
  return message.data.notices.map(({ orderId, fact }) => ({ table: sendings, values: [orderId, fact] }));
}

export function load(rows: RowReader, message: NotificationInput): NotificationState {
  if (message.type === 'NoticesSent') {
    const found = message.data.notices.flatMap(({ orderId, fact }) => rows.one(sendings, orderId, fact) ?? []);
    return { notices: [], sendings: found };
  }
  const notice = rows.one(notices, message.data.orderId, message.type);
  return { notices: notice === undefined ? [] : [notice], sendings: [] };
}

export function save({ before, after }: Change<NotificationState, NotificationInput>): readonly Write[] {
  const written = after.notices.filter((notice, index) => notice !== before.notices[index]);
  const marked = after.sendings.filter((sending, index) => sending !== before.sendings[index]);
  return [...written.map((row) => ({ table: notices, row })), ...marked.map((row) => ({ table: sendings, row }))];
}
