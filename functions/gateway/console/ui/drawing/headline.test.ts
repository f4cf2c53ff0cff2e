import { describe, expect, it } from 'vitest';
import { type FunctionNow, headlineOf } from './headline.ts';
import type { Saga } from './saga-graph.ts';

const saga: Saga = {
  functions: ['order', 'inventory', 'notification'],
  topics: [],
  steps: [
    { on: 'PlaceOrder', by: 'order', emits: ['OrderPlaced'], kind: 'compensatable', undoneBy: [] },
    { on: 'OrderPlaced', by: 'inventory', emits: ['StockReserved'], kind: 'compensatable', undoneBy: [] },
    { on: 'StockReserved', by: 'order', emits: ['OrderConfirmed'], kind: 'pivot', undoneBy: [] },
    { on: 'OrderConfirmed', by: 'notification', emits: [], kind: 'retriable', undoneBy: [] },
  ],
  transitions: [
    { from: null, event: 'OrderPlaced', to: 'placed' },
    { from: 'placed', event: 'OrderConfirmed', to: 'confirmed' },
  ],
  commands: [],
};

/** All functions up, with these changes. */
function now(changes: Readonly<Record<string, Partial<FunctionNow>>>): readonly FunctionNow[] {
  return saga.functions.map((name) => ({
    name,
    state: 'up',
    detail: null,
    unread: 0,
    parked: 0,
    deadLetters: 0,
    endedSince: 0,
    ...changes[name],
  }));
}

const away = { state: 'away', detail: 'it does not answer' } as const;
const full = { state: 'unready', detail: 'the disk is full' } as const;

describe('the store in a sentence', () => {
  it.each([
    ['of nothing', {}, 'All functions are up and keep pace.', 'good'],
    [
      'of orders that wait',
      { inventory: { ...away, unread: 1_640 } },
      '1,640 orders wait for inventory. Nothing is lost.',
      'wait',
    ],
    ['of one', { inventory: { ...away, unread: 1 } }, '1 order waits for inventory. Nothing is lost.', 'wait'],
    [
      'of orders without those that were cancelled meanwhile',
      { inventory: { ...away, unread: 12, endedSince: 2 } },
      '8 orders wait for inventory. Nothing is lost.',
      'wait',
    ],
    [
      'of messages where no order waits',
      { notification: { ...away, unread: 3 } },
      '3 messages wait for notification. Nothing is lost.',
      'wait',
    ],
    ['of nothing yet', { inventory: away }, 'inventory is away. Nothing waits for it yet.', 'wait'],
    [
      'of orders that are refused',
      { order: away, inventory: { ...away, unread: 3 } },
      'order is away. New orders are refused until it is back; nothing is lost. inventory is away too.',
      'bad',
    ],
    [
      'of all that are away',
      { order: away, inventory: away, notification: away },
      'order is away. New orders are refused until it is back; nothing is lost. inventory and notification are away too.',
      'bad',
    ],
    [
      'of a function that is not ready',
      { inventory: full },
      'inventory is not ready: the disk is full. Nothing is lost.',
      'wait',
    ],
    [
      'of orders that wait for one that is not ready',
      { inventory: { ...full, unread: 3 } },
      '3 orders wait for inventory. Nothing is lost.',
      'wait',
    ],
    [
      'of the first function where that is there and not ready',
      { order: { ...full, unread: 3 } },
      'order is not ready: the disk is full. Nothing is lost.',
      'bad',
    ],
    [
      'of one that is away beside one that is not ready',
      { inventory: { ...away, unread: 2 }, notification: full },
      '2 orders wait for inventory. Nothing is lost. notification is not ready.',
      'wait',
    ],
    [
      'of another that is not ready either, once the first is said to be so',
      { inventory: full, notification: full },
      'inventory is not ready: the disk is full. Nothing is lost. notification is not ready too.',
      'wait',
    ],
    [
      'of another that is not ready, where of the first only its orders are named',
      { inventory: { ...full, unread: 3 }, notification: full },
      '3 orders wait for inventory. Nothing is lost. notification is not ready.',
      'wait',
    ],
    ['of what drains', { inventory: { unread: 840 } }, 'inventory reads what has waited: 840 messages to go.', 'wait'],
    ['of what is on its way', { inventory: { unread: 3 } }, 'All functions are up and keep pace.', 'good'],
    ['of dead letters', { order: { deadLetters: 2 } }, '2 dead letters wait for a decision.', 'bad'],
    ['of an attempt', { inventory: { parked: 1 } }, '1 message waits at inventory for the next attempt.', 'wait'],
  ] as const)('tells %s', (_, changes, text, tone) => {
    expect(headlineOf(saga, now(changes))).toMatchObject({ text, tone });
  });

  it('leads to dead letters where it is about them alone', () => {
    const changes = [{ order: { deadLetters: 1 } }, { order: away, inventory: { deadLetters: 1 } }, {}];
    expect(changes.map((each) => headlineOf(saga, now(each)).isAboutDeadLetters)).toEqual([true, false, false]);
  });
});

describe('what is new about the store', () => {
  it.each([
    ['The store keeps pace.', [{}, { inventory: { unread: 3 } }]],
    ['order is away, and new orders are refused.', [{ order: away }, { order: { ...away, unread: 3 } }]],
    ['inventory is away.', [{ inventory: away }]],
    ['Orders wait for inventory.', [{ inventory: { ...away, unread: 1 } }, { inventory: { ...full, unread: 1_640 } }]],
    ['inventory is not ready.', [{ inventory: full }]],
    ['Messages wait for notification.', [{ notification: { ...away, unread: 1 } }]],
    ['inventory is away. notification is away too.', [{ inventory: away, notification: { ...away, unread: 9 } }]],
    [
      'Orders wait for inventory. notification is away.',
      [{ inventory: { ...away, unread: 3 }, notification: { ...away, unread: 9 } }],
    ],
    ['inventory reads what has waited.', [{ inventory: { unread: 840 } }, { inventory: { unread: 60 } }]],
    ['Dead letters wait for a decision.', [{ order: { deadLetters: 1 } }, { inventory: { deadLetters: 2 } }]],
    ['Messages wait at order for the next attempt.', [{ order: { parked: 1 } }, { order: { parked: 20 } }]],
  ] as const)('is "%s" however many there are', (news, changes) => {
    expect(changes.map((each) => headlineOf(saga, now(each)).news)).toEqual(changes.map(() => news));
  });
});
