import { type Need, table, type Write } from '../../shared/ports/store.ts';
import type { Change, RowReader } from '../../shared/runtime/function.ts';
import type { FactMessage, Notice, NotificationInput, NotificationState, Sending, SendingMessage } from './state.ts';

export interface NoticeRow extends Notice {
  /** The order in which notices were written; the position of the stream. */
  readonly position?: number;
}

const noticeColumns = {
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
} as const;

/** Notices as they are written: the other columns of the table are empty then. */
export const notices = table<NoticeRow>('notice', noticeColumns, { key: ['orderId', 'fact'] });

/** The key of a notice and the columns that its sending changes. */
const sendingColumns = {
  orderId: 'text',
  fact: 'text',
  notificationId: 'text',
  status: 'text',
  sentAt: 'text',
  refusals: 'integer',
  refusedAt: 'text',
  dueAt: 'text',
  lastError: 'text',
} as const;

/** The same rows with only the columns that their sending changes, so that reading many is cheap. */
const sendings = table<Sending>('notice', sendingColumns, { key: ['orderId', 'fact'] });

/** All of a notice: what was written, and how its sending goes. */
export type DeliveryRow = NoticeRow & Sending;

/** The same rows with all columns: read-only. */
export const deliveries = table<DeliveryRow>(
  'notice',
  { ...noticeColumns, ...sendingColumns },
  { key: ['orderId', 'fact'] },
);

/** The audit trail: who had which failed notice sent again, and why. Rows are inserted and never changed. */
export interface ResendRow {
  readonly sequence?: number;
  readonly orderId: string;
  readonly fact: string;
  readonly notificationId: string;
  readonly who: string;
  readonly at: string;
  readonly reason: string;
  /** How often the channel had refused it before, and the error of the last time. */
  readonly refusals: number;
  readonly lastError: string | null;
}

export const resends = table<ResendRow>(
  'notice_resend',
  {
    sequence: 'sequence',
    orderId: 'text',
    fact: 'text',
    notificationId: 'text',
    who: 'text',
    at: 'text',
    reason: 'text',
    refusals: 'integer',
    lastError: 'text',
  },
  { key: ['orderId', 'fact', 'sequence'], loadBy: 2, appendOnly: true },
);

/** One epoch of the stream: its positions come after `fromPosition`, up to that of the next epoch. Written by triggers. */
export interface StreamEpochRow {
  readonly number?: number;
  readonly epoch: string;
  readonly fromPosition: number;
  readonly beganAt: string;
}

export const streamEpochs = table<StreamEpochRow>(
  'stream_epoch',
  { number: 'sequence', epoch: 'text', fromPosition: 'integer', beganAt: 'text' },
  { key: ['number'], appendOnly: true },
);

/** The newest notice that was removed: a single row, or none. Written by a trigger. */
export const removedNotices = table<{ readonly id: number; readonly position: number }>(
  'notice_removed',
  { id: 'integer', position: 'integer' },
  { key: ['id'] },
);

export const tables = [notices, sendings, deliveries, resends, streamEpochs, removedNotices];

/** Messages about sending name each notice by order and fact, the key of the table: each is found with one lookup. */
export function needs(message: NotificationInput): readonly Need[] {
  if (isFact(message)) return [{ table: notices, values: [message.data.orderId, message.type] }];
  return message.data.notices.map(({ orderId, fact }) => ({ table: sendings, values: [orderId, fact] }));
}

export function load(rows: RowReader, message: NotificationInput): NotificationState {
  if (isFact(message)) {
    const notice = rows.one(notices, message.data.orderId, message.type);
    return { notices: notice === undefined ? [] : [notice], sendings: [] };
  }
  const found = message.data.notices.flatMap(({ orderId, fact }) => rows.one(sendings, orderId, fact) ?? []);
  return { notices: [], sendings: found };
}

export function save({ before, after, message }: Change<NotificationState, NotificationInput>): readonly Write[] {
  const written = after.notices.filter((notice, index) => notice !== before.notices[index]);
  const changed = after.sendings.flatMap((row, index) => {
    const was = before.sendings[index];
    if (was === undefined || row === was) return [];
    return [{ table: sendings, row }, ...(message.type === 'SendNoticesAgain' ? [auditOf(was, message)] : [])];
  });
  return [...written.map((row) => ({ table: notices, row })), ...changed];
}

function auditOf(
  { orderId, fact, notificationId, refusals, lastError }: Sending,
  { data: { who, reason }, time: at }: Extract<SendingMessage, { type: 'SendNoticesAgain' }>,
): Write {
  const row: ResendRow = { orderId, fact, notificationId, who, at, reason, refusals, lastError };
  return { table: resends, row };
}

function isFact(message: NotificationInput): message is FactMessage {
  return !('notices' in message.data);
}
