/** Notices as text for a terminal. Their texts come from customers and channels. */
import type { NoticeBody, OperatorNoticeBody } from '../../functions/notification/representation.ts';
import { printable, TEXT_MAX } from '../../shared/core/printable.ts';
import type { Terminal } from './store-client.ts';
import { tableOf } from './table.ts';

const DETAIL_MAX = 60;

export function listOf(notices: readonly NoticeBody[], terminal: Pick<Terminal, 'columns'>): string {
  if (notices.length === 0) return 'No notices.';
  const head = ['notice', 'order', 'fact', 'status', 'attempts', 'next attempt', 'last error'];
  const rows = notices.map(({ notificationId, orderId, fact, status, attempts, dueAt, lastError }) => {
    return [notificationId, orderId, fact, status, attempts, dueAt ?? '–', shortened(lastError ?? '–')];
  });
  return tableOf({ head, rows }, terminal);
}

/** What has become of a notice, as a sentence. */
export function stateOf({
  notificationId,
  orderId,
  fact,
  status,
  attempts,
  dueAt,
  lastError,
  sentAt,
}: NoticeBody): string {
  const what = `notice ${printable(notificationId)} of ${printable(fact)} of ${printable(orderId)}`;
  const error = printable(lastError ?? '');
  if (status === 'sent') return `${what} was sent at ${printable(String(sentAt))}.`;
  if (status === 'failed') return `${what} has failed after attempt ${printable(String(attempts))}: ${error}`;
  if (attempts === 0) return `${what} is pending.`;
  return `${what} was refused at attempt ${printable(String(attempts))} (${error}) and is tried again at ${printable(String(dueAt))}.`;
}

export function noticeText(notice: OperatorNoticeBody): string {
  const { customerId, createdAt, text, sentAgain } = notice;
  const audit = sentAgain.map(({ at, who, reason, attempts, lastError }) => {
    const before = `after attempt ${printable(String(attempts))}: ${printable(lastError ?? '')}`;
    return `  ${printable(at)} by ${printable(who)}: ${printable(reason)} (${before})`;
  });
  return [
    stateOf(notice),
    `Written at ${printable(createdAt)} to ${printable(customerId)}:`,
    `  ${printable(text, TEXT_MAX)}`,
    ...(audit.length === 0 ? [] : ['Sent again:', ...audit]),
  ].join('\n');
}

function shortened(text: string): string {
  return text.length > DETAIL_MAX ? `${text.slice(0, DETAIL_MAX - 1)}…` : text;
}
