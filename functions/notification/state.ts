import type { MessageOf } from '../../saga/messages.ts';
import type { Draft } from '../../shared/core/message.ts';

/** The events that a customer is notified about. */
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

/** The key of a notice and the columns that its sending changes. */
export interface Sending {
  readonly orderId: string;
  readonly fact: string;
  readonly status: NoticeStatus;
  readonly sentAt: string | null;
}

/** The notices that a message is about, and no others. */
export interface NotificationState {
  /** The notice of a fact, or none. */
  readonly notices: readonly Notice[];
  /** The notices that a `NoticesSent` names and that still exist. */
  readonly sendings: readonly Sending[];
}

/** Internal events of notification; they are not published. */
export type NotificationEvent =
  | Draft<'NoticeWritten', Notice>
  /** The pending notices of the state are sent. */
  | Draft<'NoticesMarked', { readonly sentAt: string }>;

export function evolve({ notices, sendings }: NotificationState, event: NotificationEvent): NotificationState {
  if (event.type === 'NoticeWritten') return { notices: [...notices, event.data], sendings };
  const { sentAt } = event.data;
  return { notices, sendings: sendings.map((sending) => sentIfPending(sending, sentAt)) };
}

function sentIfPending(sending: Sending, sentAt: string): Sending {
  const { orderId, fact, status } = sending;
  return status === 'pending' ? { orderId, fact, status: 'sent', sentAt } : sending;
}
