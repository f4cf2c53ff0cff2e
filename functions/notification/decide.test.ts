import { describe, expect, it } from 'vitest';
import {
  EXAMPLE_ORDER,
  EXAMPLE_TIME,
  orderBackordered,
  orderCancelled,
  orderConfirmed,
  orderPlaced,
  orderRejected,
} from '../../saga/examples.ts';
import { decide } from './decide.ts';
import { noNotices, noticesSent, pending, sent, unsent } from './examples.ts';
import { evolve, type NotificationInput, type NotificationState } from './state.ts';

const facts = [
  orderPlaced({ lamp: 2 }),
  orderConfirmed({ lamp: 2 }),
  orderRejected({ lamp: 2 }),
  orderBackordered(['lamp', 'chair']),
  orderCancelled({ lamp: 2 }),
] as const;
const [placed, confirmed, rejected] = facts;

describe('when an order changes', () => {
  it('writes a notice to its customer', () => {
    expect(decide(noNotices, placed)).toEqual([
      {
        type: 'NoticeWritten',
        subject: EXAMPLE_ORDER,
        data: {
          notificationId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/),
          customerId: 'CUSTOMER_7',
          orderId: EXAMPLE_ORDER,
          fact: 'OrderPlaced',
          channel: 'log',
          status: 'pending',
          text: 'We have received your order ORDER_7.',
          createdAt: EXAMPLE_TIME,
          sentAt: null,
        },
      },
    ]);
  });

  it('says what happened, with the reason for a rejection or cancellation', () => {
    expect(pending(...facts).notices.map(({ text }) => text)).toEqual([
      'We have received your order ORDER_7.',
      'Your order ORDER_7 is confirmed.',
      'We are sorry: your order ORDER_7 cannot be fulfilled (lamp has 0 left and 1 were asked for).',
      'Your order ORDER_7 is waiting for goods that are not in stock yet (lamp, chair).',
      'Your order ORDER_7 is cancelled (I have changed my mind).',
    ]);
  });

  it('gives each notice its own id, the same one when it is decided twice', () => {
    const ids = [...pending(...facts).notices, ...pending(...facts).notices].map(
      ({ notificationId }) => notificationId,
    );

    expect([new Set(ids).size, ids.slice(5)]).toEqual([5, ids.slice(0, 5)]);
  });

  it.each([
    ['waits to be sent', pending(placed)],
    ['is sent', sent(placed)],
  ])('ignores a fact whose notice %s', (_, state) => {
    expect(decide(state, placed)).toEqual([]);
  });
});

describe('when the channel has accepted notices', () => {
  const sendingsAfter = (before: NotificationState, ...messages: readonly NotificationInput[]) =>
    messages.reduce((state, message) => decide(state, message).reduce(evolve, state), before).sendings;

  it('marks them as sent', () => {
    expect(sendingsAfter(unsent(placed, confirmed), noticesSent([placed, confirmed]))).toEqual([
      { orderId: EXAMPLE_ORDER, fact: 'OrderPlaced', status: 'sent', sentAt: EXAMPLE_TIME },
      { orderId: EXAMPLE_ORDER, fact: 'OrderConfirmed', status: 'sent', sentAt: EXAMPLE_TIME },
    ]);
  });

  it('leaves the time of an earlier report unchanged', () => {
    const later = '2030-01-01T00:00:00.000Z';
    const earlier = sendingsAfter(unsent(placed), noticesSent([placed]));
    const both = { notices: [], sendings: [...earlier, ...unsent(confirmed).sendings] };

    expect(sendingsAfter(both, noticesSent([placed, confirmed], later)).map(({ sentAt }) => sentAt)).toEqual([
      EXAMPLE_TIME,
      later,
    ]);
    expect(decide({ notices: [], sendings: earlier }, noticesSent([placed], later))).toEqual([]);
  });

  it('ignores removed notices', () => {
    expect(decide(noNotices, noticesSent([rejected]))).toEqual([]);
  });
});
