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
import { retryDelayMs } from '../../shared/core/retry-policy.ts';
import {
  decide,
  examplePolicy,
  failedSending,
  noNotices,
  noticesAttempted,
  noticesSent,
  pending,
  sendAgain,
  sendingOf,
  sent,
  unsent,
} from './examples.ts';
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

function sendingsAfter(before: NotificationState, ...messages: readonly NotificationInput[]) {
  return messages.reduce((state, message) => decide(state, message).reduce(evolve, state), before).sendings;
}

const accepted = { status: 'sent', sentAt: EXAMPLE_TIME } as const;

describe('when the channel has answered', () => {
  it('marks what it has accepted as sent, and what it has refused as due later, each for itself', () => {
    const answers = noticesAttempted({ fact: placed }, { fact: confirmed, error: 'the mailbox is full' });
    const delayMs = retryDelayMs(examplePolicy, confirmed.id, 1);

    expect(sendingsAfter(unsent(placed, confirmed, rejected), answers)).toEqual([
      sendingOf(placed, accepted),
      sendingOf(confirmed, {
        refusals: 1,
        refusedAt: EXAMPLE_TIME,
        dueAt: new Date(Date.parse(EXAMPLE_TIME) + delayMs).toISOString(),
        lastError: 'the mailbox is full',
      }),
      sendingOf(rejected),
    ]);
  });

  it('marks a notice as failed after its last attempt', () => {
    const refusals = [1, 2, 3].map((attempt) => noticesAttempted({ fact: placed, attempt, error: `no ${attempt}` }));

    const statuses = refusals.map((_, index) => sendingsAfter(unsent(placed), ...refusals.slice(0, index + 1))[0]);

    expect(statuses.map((sending) => [sending?.status, sending?.refusals, sending?.lastError])).toEqual([
      ['pending', 1, 'no 1'],
      ['pending', 2, 'no 2'],
      ['failed', 3, 'no 3'],
    ]);
    expect(statuses.at(-1)?.dueAt).toBeNull();
  });

  it('marks a notice as failed at once when the channel says that trying again cannot help', () => {
    const final = noticesAttempted({ fact: placed, error: 'there is no such address', isTerminal: true });

    expect(sendingsAfter(unsent(placed), final)).toMatchObject([{ status: 'failed', refusals: 1, dueAt: null }]);
  });

  it('tries no earlier than the channel asks for, and no later than the longest delay', () => {
    const dueAfter = (retryAfterMs: number) => {
      const [sending] = sendingsAfter(unsent(placed), noticesAttempted({ fact: placed, error: 'wait', retryAfterMs }));
      return Date.parse(sending?.dueAt ?? '') - Date.parse(EXAMPLE_TIME);
    };

    expect([dueAfter(30_000), dueAfter(999_999_999)]).toEqual([30_000, 60_000]);
  });

  it.each([
    [
      'a repeated refusal',
      [noticesAttempted({ fact: placed, error: 'no' }), noticesAttempted({ fact: placed, error: 'no' })],
    ],
    [
      'a refusal after the acceptance',
      [noticesAttempted({ fact: placed }), noticesAttempted({ fact: placed, error: 'no' })],
    ],
    ['a repeated acceptance', [noticesAttempted({ fact: placed }), noticesAttempted({ fact: placed, attempt: 9 })]],
  ])('ignores %s', (_, [first, second]) => {
    const state = { notices: [], sendings: sendingsAfter(unsent(placed), first as NotificationInput) };

    expect(decide(state, second as NotificationInput)).toEqual([]);
  });

  it('ignores a result for an earlier notice of the same fact', () => {
    const other = { notices: [], sendings: [sendingOf(placed, { notificationId: 'another' })] };

    expect(decide(other, noticesAttempted({ fact: placed }))).toEqual([]);
  });

  it('ignores removed notices', () => {
    expect(decide(noNotices, noticesAttempted({ fact: rejected }))).toEqual([]);
  });
});

describe('when an operator has a failed notice sent again', () => {
  const failed = { notices: [], sendings: [failedSending(placed), sendingOf(confirmed, accepted)] };

  it('makes it pending and due, with all its attempts, and no other', () => {
    expect(sendingsAfter(failed, sendAgain(placed, confirmed))).toEqual([
      { ...failedSending(placed), status: 'pending', refusals: 0, dueAt: EXAMPLE_TIME },
      sendingOf(confirmed, accepted),
    ]);
  });

  it.each([
    ['that is sent', { notices: [], sendings: [sendingOf(placed, accepted)] }],
    ['that is pending', unsent(placed)],
    ['that does not exist', noNotices],
  ])('refuses one %s', (_, state) => {
    expect(decide(state, sendAgain(placed))).toMatchObject([
      { type: 'CommandRefused', data: { code: 'notice_not_failed' } },
    ]);
  });
});

describe('when an older program has sent notices', () => {
  it('marks them as sent', () => {
    expect(sendingsAfter(unsent(placed, confirmed), noticesSent([placed, confirmed]))).toEqual([
      sendingOf(placed, accepted),
      sendingOf(confirmed, accepted),
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
