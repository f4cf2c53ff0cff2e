import type { DataOf, MessageOf } from '../../saga/messages.ts';
import { refusal } from '../../shared/core/message.ts';
import { type RetryPolicy, retryDelayMs } from '../../shared/core/retry-policy.ts';
import type {
  FactMessage,
  NotificationEvent,
  NotificationInput,
  NotificationState,
  Sending,
  SendingMessage,
} from './state.ts';

/**
 * Notification tells each customer each fact about their order once.
 *
 * The rules only write the notice as pending: a loop sends it, and the result of each attempt comes back as a message.
 * A notice that the channel refuses is due again later, by `policy`, or has failed; it delays no other.
 */
export function decide(
  state: NotificationState,
  message: NotificationInput,
  policy: RetryPolicy,
): readonly NotificationEvent[] {
  switch (message.type) {
    case 'NoticesSent':
      return changed(message, allSent(state, message.data.sentAt));
    case 'NoticesAttempted':
      return changed(message, attempted(state, message.data, policy));
    case 'SendNoticesAgain':
      return sentAgain(state, message);
    default:
      return state.notices.length > 0 ? [] : [written(message)];
  }
}

function changed({ subject }: SendingMessage, sendings: readonly Sending[]): readonly NotificationEvent[] {
  return sendings.length === 0 ? [] : [{ type: 'SendingsChanged', subject, data: { sendings } }];
}

function allSent({ sendings }: NotificationState, sentAt: string): readonly Sending[] {
  const pending = sendings.filter(({ status }) => status === 'pending');
  return pending.map((sending) => accepted(sending, sentAt));
}

type Attempt = DataOf<'NoticesAttempted'>['notices'][number];

/** A late or repeated result changes nothing: it is not that of the notice's next attempt. */
function attempted(
  { sendings }: NotificationState,
  { notices, attemptedAt }: DataOf<'NoticesAttempted'>,
  policy: RetryPolicy,
): readonly Sending[] {
  const attempts = new Map(notices.map((attempt) => [attempt.notificationId, attempt]));
  return sendings.flatMap((sending) => {
    const attempt = attempts.get(sending.notificationId);
    if (attempt === undefined || sending.status !== 'pending') return [];
    if (attempt.refusal === null) return [accepted(sending, attemptedAt)];
    return attempt.attempt === sending.refusals + 1 ? [refused(sending, attempt.refusal, attemptedAt, policy)] : [];
  });
}

function accepted(sending: Sending, sentAt: string): Sending {
  return { ...sending, status: 'sent', sentAt, dueAt: null, lastError: null };
}

function refused(
  sending: Sending,
  { detail, isTerminal, retryAfterMs }: NonNullable<Attempt['refusal']>,
  refusedAt: string,
  policy: RetryPolicy,
): Sending {
  const refusals = sending.refusals + 1;
  const after = { ...sending, refusals, refusedAt, lastError: detail };
  if (isTerminal || refusals >= policy.attempts) return { ...after, status: 'failed', dueAt: null };
  const askedMs = Math.min(retryAfterMs, policy.longestMs);
  const delayMs = Math.max(askedMs, retryDelayMs(policy, sending.notificationId, refusals));
  return { ...after, dueAt: new Date(Date.parse(refusedAt) + delayMs).toISOString() };
}

/** Failed notices have all their attempts again, the first one at once. */
function sentAgain(
  { sendings }: NotificationState,
  message: MessageOf<'SendNoticesAgain'>,
): readonly NotificationEvent[] {
  const named = new Set(message.data.notices.map(({ notificationId }) => notificationId));
  const failed = sendings.filter(({ notificationId, status }) => named.has(notificationId) && status === 'failed');
  if (failed.length === 0) {
    return [refusal(message.subject, 'notice_not_failed', 'only a failed notice can be sent again')];
  }
  return changed(
    message,
    failed.map((sending) => ({ ...sending, status: 'pending', refusals: 0, dueAt: message.time })),
  );
}

function written(message: FactMessage): NotificationEvent {
  const { orderId, customerId } = message.data;
  return {
    type: 'NoticeWritten',
    subject: orderId,
    data: {
      // There is one notice for each fact, so the id of the fact is also the id of the notice.
      notificationId: message.id,
      customerId,
      orderId,
      fact: message.type,
      channel: 'log',
      status: 'pending',
      text: textOf(message),
      createdAt: message.time,
      sentAt: null,
    },
  };
}

function textOf(message: FactMessage): string {
  const { orderId } = message.data;
  switch (message.type) {
    case 'OrderPlaced':
      return `We have received your order ${orderId}.`;
    case 'OrderBackordered':
      return `Your order ${orderId} is waiting for goods that are not in stock yet (${message.data.productIds.join(', ')}).`;
    case 'OrderConfirmed':
      return `Your order ${orderId} is confirmed.`;
    case 'OrderCancelled':
      return `Your order ${orderId} is cancelled (${message.data.reason}).`;
    case 'OrderRejected':
      return `We are sorry: your order ${orderId} cannot be fulfilled (${message.data.reason.detail}).`;
  }
}
