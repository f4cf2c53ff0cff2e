import {
  EXAMPLE_TIME,
  example,
  orderBackordered,
  orderCancelled,
  orderConfirmed,
  orderPlaced,
  orderRejected,
} from '../../saga/examples.ts';
import { CLIENT_SOURCE } from '../../shared/core/message.ts';
import type { RetryPolicy } from '../../shared/core/retry-policy.ts';
import { decide as decideBy } from './decide.ts';
import { evolve, type FactMessage, type NotificationInput, type NotificationState, type Sending } from './state.ts';

/** Three attempts, at most a second and two seconds apart. */
export const examplePolicy: RetryPolicy = { firstMs: 1_000, factor: 2, longestMs: 60_000, attempts: 3, bugAttempts: 3 };

export function decide(state: NotificationState, message: NotificationInput) {
  return decideBy(state, message, examplePolicy);
}

export const noNotices: NotificationState = { notices: [], sendings: [] };

/** A pending notice of each of these facts. */
export function pending(...facts: readonly FactMessage[]): NotificationState {
  const notices = facts.flatMap((fact) => decide(noNotices, fact).reduce(evolve, noNotices).notices);
  return { notices, sendings: [] };
}

/** A sent notice of each of these facts. */
export function sent(...facts: readonly FactMessage[]): NotificationState {
  const notices = pending(...facts).notices.map(
    (notice) => ({ ...notice, status: 'sent', sentAt: EXAMPLE_TIME }) as const,
  );
  return { notices, sendings: [] };
}

/** The notices of these facts wait to be sent, and were not tried yet. */
export function unsent(...facts: readonly FactMessage[]): NotificationState {
  return { notices: [], sendings: facts.map((fact) => sendingOf(fact)) };
}

export function sendingOf({ id, type, data }: FactMessage, changes: Partial<Sending> = {}): Sending {
  const key = { orderId: data.orderId, fact: type, notificationId: id };
  const fresh = {
    status: 'pending',
    sentAt: null,
    refusals: 0,
    refusedAt: null,
    dueAt: null,
    lastError: null,
  } as const;
  return { ...key, ...fresh, ...changes };
}

/** A failed notice of this fact. */
export function failedSending(fact: FactMessage): Sending {
  const lastError = 'there is no such address';
  return sendingOf(fact, { status: 'failed', refusals: 3, refusedAt: EXAMPLE_TIME, lastError });
}

/** An older program says that the channel has accepted the notices of these facts. */
export function noticesSent(facts: readonly FactMessage[], sentAt = EXAMPLE_TIME) {
  const notices = facts.map(({ type, data }) => ({ orderId: data.orderId, fact: type }));
  return example(CLIENT_SOURCE, 'NoticesSent', 'notices', { notices, sentAt });
}

/** The result of an attempt to send each of these; the channel has accepted those without an error. */
export function noticesAttempted(
  ...results: readonly {
    readonly fact: FactMessage;
    readonly attempt?: number;
    readonly error?: string;
    readonly isTerminal?: boolean;
    readonly retryAfterMs?: number;
  }[]
) {
  const notices = results.map(({ fact, attempt = 1, error, isTerminal = false, retryAfterMs = 0 }) => ({
    ...nameOf(fact),
    attempt,
    refusal: error === undefined ? null : { detail: error, isTerminal, retryAfterMs },
  }));
  return example(CLIENT_SOURCE, 'NoticesAttempted', 'notices', { notices, attemptedAt: EXAMPLE_TIME });
}

/** An operator has the notices of these facts sent again. */
export function sendAgain(...facts: readonly FactMessage[]) {
  const notices = facts.map(nameOf);
  return example(CLIENT_SOURCE, 'SendNoticesAgain', 'notices', {
    notices,
    who: 'Ada',
    reason: 'the address is right now',
  });
}

function nameOf({ id, type, data }: FactMessage) {
  return { orderId: data.orderId, fact: type, notificationId: id };
}

/** One situation for each branch of the rules. */
export const situations: readonly { readonly state: NotificationState; readonly message: NotificationInput }[] = [
  { state: noNotices, message: orderPlaced({ lamp: 2 }) },
  { state: noNotices, message: orderBackordered() },
  { state: noNotices, message: orderConfirmed({ lamp: 2 }) },
  { state: noNotices, message: orderRejected({ lamp: 2 }) },
  { state: noNotices, message: orderCancelled({ lamp: 2 }) },
  { state: unsent(orderPlaced({ lamp: 2 })), message: noticesSent([orderPlaced({ lamp: 2 })]) },
  { state: unsent(orderPlaced({ lamp: 2 })), message: noticesAttempted({ fact: orderPlaced({ lamp: 2 }) }) },
  {
    state: { notices: [], sendings: [failedSending(orderPlaced({ lamp: 2 }))] },
    message: sendAgain(orderPlaced({ lamp: 2 })),
  },
];
