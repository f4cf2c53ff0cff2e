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

describe('the store in a sentence', () => {
  it.each([
    ['of nothing', {}, 'All functions are up, and nothing waits.', 'good', null],
    [
      'of orders that wait',
      { inventory: { ...away, unread: 1_640 } },
      '1,640 orders wait for inventory. Nothing is lost.',
      'wait',
      'inventory',
    ],
    [
      'of one',
      { inventory: { ...away, unread: 1 } },
      '1 order waits for inventory. Nothing is lost.',
      'wait',
      'inventory',
    ],
    [
      'of orders without those that were cancelled meanwhile',
      { inventory: { ...away, unread: 12, endedSince: 2 } },
      '8 orders wait for inventory. Nothing is lost.',
      'wait',
      'inventory',
    ],
    [
      'of messages where no order waits',
      { notification: { ...away, unread: 3 } },
      '3 messages wait for notification. Nothing is lost.',
      'wait',
      'notification',
    ],
    ['of nothing yet', { inventory: away }, 'inventory is away. Nothing waits for it yet.', 'wait', 'inventory'],
    [
      'of orders that are refused',
      { order: away, inventory: { ...away, unread: 3 } },
      'order is away. New orders are refused until it is back; nothing is lost. inventory is away too.',
      'bad',
      'order',
    ],
    [
      'of a function that is not ready',
      { inventory: { state: 'unready', detail: 'the disk is full' } },
      'inventory is not ready: the disk is full. Nothing is lost.',
      'wait',
      'inventory',
    ],
    [
      'of orders that wait for one that is not ready',
      { inventory: { state: 'unready', detail: 'the disk is full', unread: 3 } },
      '3 orders wait for inventory. Nothing is lost.',
      'wait',
      'inventory',
    ],
    [
      'of what drains',
      { inventory: { unread: 840 } },
      'inventory reads what has waited: 840 messages to go.',
      'wait',
      'inventory',
    ],
    ['of what is on its way', { inventory: { unread: 3 } }, 'All functions are up, and nothing waits.', 'good', null],
    ['of dead letters', { order: { deadLetters: 2 } }, '2 dead letters wait for a decision.', 'bad', 'order'],
    [
      'of an attempt',
      { inventory: { parked: 1 } },
      '1 message waits at inventory for the next attempt.',
      'wait',
      'inventory',
    ],
  ] as const)('tells %s', (_, changes, text, tone, of) => {
    expect(headlineOf(saga, now(changes))).toEqual({ text, tone, of });
  });
});
