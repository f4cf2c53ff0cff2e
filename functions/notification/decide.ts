import type { FactMessage, NotificationEvent, NotificationInput, NotificationState } from './state.ts';

/**
 * Notification tells each customer each fact about their order once.
 *
 * The rules only write the notice as pending: a loop sends it, and the result comes back as a message.
 */
export function decide(state: NotificationState, message: NotificationInput): readonly NotificationEvent[] {
  const { notices, sendings } = state;
  if (message.type === 'NoticesSent') {
    const isLate = !sendings.some(({ status }) => status === 'pending');
    return isLate ? [] : [{ type: 'NoticesMarked', subject: message.subject, data: { sentAt: message.data.sentAt } }];
  }
  return notices.length > 0 ? [] : [written(message)];
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
