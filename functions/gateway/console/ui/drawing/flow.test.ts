import { describe, expect, it } from 'vitest';
import type { TickBody } from '../../../../../shared/runtime/inspect/stream-representation.ts';
import { withTick as backlogsWithTick, endedSince } from './backlog.ts';
import {
  countsOf,
  fullAt,
  outcomesOf,
  rateOf,
  ratesOf,
  type Samples,
  unreadOf,
  widthOf,
  withAbsent,
  withOutcomes,
  withTick,
} from './flow.ts';
import { graphOf, type Saga } from './saga-graph.ts';

const saga: Saga = {
  functions: ['order', 'inventory', 'notification'],
  topics: [],
  steps: [
    { on: 'PlaceOrder', by: 'order', emits: ['OrderPlaced'], kind: 'compensatable', undoneBy: [] },
    {
      on: 'OrderPlaced',
      by: 'inventory',
      emits: ['StockReserved', 'StockRejected'],
      kind: 'compensatable',
      undoneBy: [],
    },
    { on: 'StockReserved', by: 'order', emits: ['OrderConfirmed'], kind: 'pivot', undoneBy: [] },
    { on: 'StockRejected', by: 'order', emits: ['OrderRejected'], kind: 'retriable', undoneBy: [] },
    { on: 'OrderConfirmed', by: 'inventory', emits: ['StockSold'], kind: 'retriable', undoneBy: [] },
    { on: 'OrderConfirmed', by: 'notification', emits: [], kind: 'retriable', undoneBy: [] },
  ],
  transitions: [
    { from: null, event: 'OrderPlaced', to: 'placed' },
    { from: 'placed', event: 'OrderConfirmed', to: 'confirmed' },
    { from: 'placed', event: 'OrderRejected', to: 'rejected' },
    { from: 'placed', event: 'OrderCancelled', to: 'cancelled' },
    { from: 'confirmed', event: 'OrderCancelled', to: 'cancelled' },
  ],
  commands: [{ name: 'cancel', event: 'OrderCancelled', from: ['placed', 'confirmed'] }],
};
const graph = graphOf(saga);
const nothing = { p50: null, p99: null, count: 0 };

type Handled = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** A tick in which functions have handled so many of each type. */
function tickOf(handled: Handled, { lag = 0, confirmed = 0 } = {}): TickBody {
  const functions = Object.entries(handled).map(([name, types]) => ({
    name,
    messages: Object.fromEntries(
      Object.entries(types).map(([type, count]) => [
        type,
        { handled: count, duplicate: 0, parked: 0, dead: 0, refused: 0 },
      ]),
    ),
    parked: 0,
    deadLetters: 0,
    commitMs: nothing,
    outcomes: name === 'order' ? { confirmed } : {},
    latencyMs: nothing,
  }));
  const reader = { group: 'inventory', partition: 0, position: 0, end: lag, lag, oldestUnreadAt: null };
  const topic = { name: 'order-events', writer: 'order', end: lag, detail: null, readers: [reader] };
  return { at: '', functions, topics: [topic] };
}

const twoSeconds = (first: Handled, last: Handled): Samples => [
  { atMs: 0, tick: tickOf(first) },
  { atMs: 2_000, tick: tickOf(last) },
];

describe('what flows', () => {
  it('is counted over two seconds', () => {
    let samples: Samples = [];
    for (let n = 0; n <= 20; n += 1) samples = withTick(samples, tickOf({ order: { PlaceOrder: n * 10 } }), n * 250);
    expect(rateOf(samples, 'order', 'PlaceOrder')).toBe(40);
    expect(samples).toHaveLength(9);
  });

  it('goes on from 0 when a function has started again, and is nothing while it is away', () => {
    const before = { inventory: { OrderPlaced: 100 } };
    expect(rateOf(twoSeconds(before, { inventory: { OrderPlaced: 8 } }), 'inventory', 'OrderPlaced')).toBe(4);
    expect(rateOf(twoSeconds(before, {}), 'inventory', 'OrderPlaced')).toBe(0);
    expect(rateOf([], 'inventory', 'OrderPlaced')).toBe(0);
  });

  it('goes the ways that its events took', () => {
    const samples = twoSeconds(
      { order: {}, inventory: {}, notification: {} },
      {
        order: { PlaceOrder: 20, StockReserved: 16, StockRejected: 4 },
        inventory: { OrderPlaced: 20, OrderConfirmed: 16 },
        notification: { OrderConfirmed: 12 },
      },
    );
    expect(Object.fromEntries(ratesOf(saga, graph, samples))).toEqual({
      'OrderPlaced→StockReserved': 8,
      'OrderPlaced→StockRejected': 2,
      'StockReserved→OrderConfirmed': 8,
      // No function reads it: it is not known.
      'StockRejected→OrderRejected': 2,
      'OrderConfirmed→StockSold': 8,
      'OrderConfirmed→OrderConfirmed@notification': 6,
    });
  });

  it('is counted at each event by who reads it, or by who always emits it', () => {
    const tick = tickOf({ inventory: { OrderPlaced: 20, OrderConfirmed: 16 }, order: { StockReserved: 16 } });
    const counts = countsOf(saga, graph, tick);
    expect([counts.get('OrderPlaced'), counts.get('StockSold'), counts.get('OrderConfirmed@notification')]).toEqual([
      20,
      16,
      undefined,
    ]);
  });

  it('is wider the more it is, up to a limit', () => {
    expect([0, 1, 7, 1e9].map((rate) => Math.round(widthOf(rate) * 100) / 100)).toEqual([1.25, 2, 3.5, 8]);
  });

  it('keeps the figures of a function that does not answer', () => {
    const before = tickOf({ order: { PlaceOrder: 1 }, inventory: { OrderPlaced: 5 } });
    const now = withAbsent(tickOf({ order: { PlaceOrder: 2 } }), before);
    expect(now.functions.map(({ name }) => name)).toEqual(['order', 'inventory']);
    expect(now.functions[0]?.messages['PlaceOrder']?.handled).toBe(2);
  });
});

describe('an outcome', () => {
  it('is a status that only a command leaves, and that ends a wait', () => {
    const dispatch = { name: 'dispatch', event: 'OrderDispatched', from: ['confirmed'] };
    const more: Saga = {
      ...saga,
      transitions: [...saga.transitions, { from: 'confirmed', event: 'OrderDispatched', to: 'dispatched' }],
      commands: [...saga.commands, dispatch],
    };
    expect([...outcomesOf(more)]).toEqual(['confirmed', 'rejected', 'cancelled']);
  });

  it('alone is counted', () => {
    const [order] = withOutcomes(tickOf({ order: {} }, { confirmed: 3 }), new Set(['rejected'])).functions;
    expect(order?.outcomes).toEqual({});
  });
});

describe('what waits', () => {
  it('is told by the topics', () => {
    expect([unreadOf(tickOf({}, { lag: 1_640 }), 'inventory'), unreadOf(tickOf({}), 'order')]).toEqual([1_640, 0]);
  });

  it('fills a bar that has room, and drains it without another scale', () => {
    const all = [{ name: 'inventory', isAway: true }];
    const full = backlogsWithTick(new Map(), tickOf({}, { lag: 1_640 }), all);
    const less = backlogsWithTick(full, tickOf({}, { lag: 20 }), all);
    const none = backlogsWithTick(less, tickOf({}), all);
    expect([full, less, none].map((each) => each.get('inventory')?.most)).toEqual([1_640, 1_640, 0]);
    expect([0, 50, 51, 900, 1_640, 20_001].map(fullAt)).toEqual([50, 50, 100, 1_000, 2_000, 50_000]);
  });

  it('remembers how many sagas had ended when a function went away', () => {
    const up = [{ name: 'inventory', isAway: false }];
    const away = [{ name: 'inventory', isAway: true }];
    const before = backlogsWithTick(new Map(), tickOf({ order: {} }, { confirmed: 10 }), up);
    const gone = backlogsWithTick(before, tickOf({ order: {} }, { confirmed: 12 }), away);
    const later = tickOf({ order: {} }, { confirmed: 15 });
    const now = backlogsWithTick(gone, later, away).get('inventory');
    expect(now === undefined ? null : endedSince(now, later)).toBe(3);
  });
});
