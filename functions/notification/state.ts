import type { MessageOf } from '../../saga/messages.ts';
import type { Draft, Refusal } from '../../shared/core/message.ts';

/** The events that a customer is notified about. */
export type NoticeFact = 'OrderPlaced' | 'OrderBackordered' | 'OrderConfirmed' | 'OrderRejected' | 'OrderCancelled';
export type FactMessage = MessageOf<NoticeFact>;
/** The messages about the sending of notices. Only an older program writes `NoticesSent`. */
export type SendingMessage = MessageOf<'NoticesSent' | 'NoticesAttempted' | 'SendNoticesAgain'>;
export type NotificationInput = FactMessage | SendingMessage;

export const noticeStatuses = ['pending', 'sent', 'failed'] as const;
export type NoticeStatus = (typeof noticeStatuses)[number];

/** A notice to a customer about one fact. Times are ISO 8601, UTC. */
export interface Notice {
  readonly notificationId: string;
  readonly customerId: string;
  readonly orderId: string;
  readonly fact: NoticeFact;
  readonly channel: 'log';
  readonly status: NoticeStatus;
  readonly text: string;
  readonly createdAt: string;
  readonly sentAt: string | null;
}

/** The key of a notice and the columns that its sending changes. */
export interface Sending {
  readonly orderId: string;
  readonly fact: string;
  readonly notificationId: string;
  readonly status: NoticeStatus;
  readonly sentAt: string | null;
  /** How often the channel has refused it, since it was written or an operator had it sent again. */
  readonly refusals: number;
  /** When the channel refused it last. A clock earlier than this was set back. */
  readonly refusedAt: string | null;
  /** When a notice that the channel has refused is tried again; null when it is new, sent or failed. */
  readonly dueAt: string | null;
  /** Why the channel refused it last. */
  readonly lastError: string | null;
}

/** The notices that a message is about, and no others. */
export interface NotificationState {
  /** The notice of a fact, or none. */
  readonly notices: readonly Notice[];
  /** The notices that a message about their sending names and that still exist. */
  readonly sendings: readonly Sending[];
}

/** Internal events of notification; they are not published. */
export type NotificationEvent =
  | Draft<'NoticeWritten', Notice>
  /** These notices of the state are now so. */
  | Draft<'SendingsChanged', { readonly sendings: readonly Sending[] }>
  | Refusal<'notice_not_failed'>;

export function evolve({ notices, sendings }: NotificationState, event: NotificationEvent): NotificationState {
  switch (event.type) {
    case 'NoticeWritten':
      return { notices: [...notices, event.data], sendings };
    case 'SendingsChanged': {
      const changed = new Map(event.data.sendings.map((sending) => [sending.notificationId, sending]));
      return { notices, sendings: sendings.map((sending) => changed.get(sending.notificationId) ?? sending) };
    }
    case 'CommandRefused':
      return { notices, sendings };
  }
}
