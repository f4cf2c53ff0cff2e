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
import { decide } from './decide.ts';
import { evolve, type FactMessage, type NotificationInput, type NotificationState } from './state.ts';

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

/** The notices of these facts wait to be sent. */
export function unsent(...facts: readonly FactMessage[]): NotificationState {
  const sendings = facts.map(
    ({ type, data }) => ({ orderId: data.orderId, fact: type, status: 'pending', sentAt: null }) as const,
  );
  return { notices: [], sendings };
}

/** The channel has accepted the notices of these facts. */
export function noticesSent(facts: readonly FactMessage[], sentAt = EXAMPLE_TIME) {
  const notices = facts.map(({ type, data }) => ({ orderId: data.orderId, fact: type }));
  return example(CLIENT_SOURCE, 'NoticesSent', 'notices', { notices, sentAt });
}

/** One situation for each branch of the rules. */
export const situations: readonly { readonly state: NotificationState; readonly message: NotificationInput }[] = [
  { state: noNotices, message: orderPlaced({ lamp: 2 }) },
  { state: noNotices, message: orderBackordered() },
  { state: noNotices, message: orderConfirmed({ lamp: 2 }) },
  { state: noNotices, message: orderRejected({ lamp: 2 }) },
  { state: noNotices, message: orderCancelled({ lamp: 2 }) },
  { state: unsent(orderPlaced({ lamp: 2 })), message: noticesSent([orderPlaced({ lamp: 2 })]) },
];
