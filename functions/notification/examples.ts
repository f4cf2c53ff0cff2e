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

export const nothingTold: NotificationState = { notices: [] };

/** A pending notice of each of these facts. */
export function told(...facts: readonly FactMessage[]): NotificationState {
  return { notices: facts.flatMap((fact) => decide(nothingTold, fact).reduce(evolve, nothingTold).notices) };
}

/** The same, already sent. */
export function sent(...facts: readonly FactMessage[]): NotificationState {
  const before = told(...facts);
  return decide(before, noticesSent(...facts)).reduce(evolve, before);
}

/** The channel has taken over the notices of these facts. */
export function noticesSent(...facts: readonly FactMessage[]) {
  const notices = facts.map(({ type, data }) => ({ orderId: data.orderId, fact: type }));
  return example(CLIENT_SOURCE, 'NoticesSent', 'notices', { notices, sentAt: EXAMPLE_TIME });
}

/** A situation for each way through the rules. */
export const situations: readonly { readonly state: NotificationState; readonly message: NotificationInput }[] = [
  { state: nothingTold, message: orderPlaced({ lamp: 2 }) },
  { state: nothingTold, message: orderBackordered() },
  { state: nothingTold, message: orderConfirmed({ lamp: 2 }) },
  { state: nothingTold, message: orderRejected({ lamp: 2 }) },
  { state: nothingTold, message: orderCancelled({ lamp: 2 }) },
  { state: told(orderPlaced({ lamp: 2 })), message: noticesSent(orderPlaced({ lamp: 2 })) },
];
