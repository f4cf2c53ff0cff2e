import type { MessageOf } from '../../saga/messages.ts';
import type { Draft } from '../../shared/core/message.ts';

/** What a customer is told about. */
export type NoticeFact = 'OrderPlaced' | 'OrderBackordered' | 'OrderConfirmed' | 'OrderRejected' | 'OrderCancelled';
export type FactMessage = MessageOf<NoticeFact>;
export type NotificationInput = FactMessage | MessageOf<'NoticesSent'>;

export type NoticeStatus = 'pending' | 'sent' | 'failed';

/** A notice to a customer about one fact. */
export interface Notice {
  readonly notificationId: string;
  readonly customerId: string;
  readonly orderId: string;
  readonly fact: NoticeFact;
  readonly channel: 'log';
  readonly status: NoticeStatus;
  readonly text: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly sentAt: string | null;
}

/** The notices a message is about; no more than those. */
export interface NotificationState {
  readonly notices: readonly Notice[];
}

/** Notes of notification to itself; nobody else hears them. */
export type NotificationEvent =
  | Draft<'NoticeWritten', Notice>
  | Draft<'NoticesMarked', { readonly notificationIds: readonly string[]; readonly sentAt: string }>;

export function evolve({ notices }: NotificationState, event: NotificationEvent): NotificationState {
  if (event.type === 'NoticeWritten') return { notices: [...notices, event.data] };
  const { sentAt } = event.data;
  const sent = new Set(event.data.notificationIds);
  return {
    notices: notices.map((notice) =>
      sent.has(notice.notificationId) ? { ...notice, status: 'sent', sentAt } : notice,
    ),
  };
}
