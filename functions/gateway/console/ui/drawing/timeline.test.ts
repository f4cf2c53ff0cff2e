import { describe, expect, it } from 'vitest';
import { choreography, functionNames } from '../../../../../saga/choreography.ts';
import { orderCommands, transitions } from '../../../../../saga/lifecycle.ts';
import type { NodeBody } from '../../../../../shared/runtime/inspect/trace-representation.ts';
import { type Saga, stepsOf } from './causal-order.ts';
import { CARD, timelineOf, waitWidth } from './timeline.ts';
import { verticalTimelineOf } from './timeline-vertical.ts';
import { type Ahead, aheadOf } from './what-follows.ts';

const saga: Saga = {
  functions: [...functionNames],
  topics: [],
  steps: choreography.map((step) => ({ ...step, emits: [...step.emits], undoneBy: [...step.undoneBy] })),
  transitions: transitions.map((row) => ({ ...row })),
  commands: Object.entries(orderCommands).map(([name, event]) => ({ name, event, from: [] })),
};
const START = Date.parse('2026-11-27T09:00:00.000Z');

/** A node of the trace: `after` milliseconds, null where its time is not stored. */
function node(id: string, type: string | null, after: number | null, more: Partial<NodeBody> = {}): NodeBody {
  return {
    id,
    type,
    at: 'order',
    kind: 'event',
    time: after === null ? null : new Date(START + after).toISOString(),
    causationId: null,
    topic: null,
    message: null,
    reads: [],
    notice: null,
    ...more,
  };
}
const read = (by: string, state: NodeBody['reads'][number]['state']) => ({ by, state, letter: null });

const placed = [
  node('1', null, null, { kind: 'command' }),
  node('2', 'OrderPlaced', 0, { causationId: '1', reads: [read('inventory', 'handled')] }),
];
const confirmed = [
  ...placed,
  node('3', 'StockReserved', 2, { at: 'inventory', causationId: '2', reads: [read('order', 'handled')] }),
  node('4', 'OrderConfirmed', 3, { causationId: '3', reads: [read('inventory', 'handled')] }),
  node('5', 'StockSold', 5, { at: 'inventory', causationId: '4' }),
];
const notices = [
  node('n1', 'OrderPlaced notice', 1, { at: 'notification', kind: 'notice', causationId: '2' }),
  node('n2', 'OrderConfirmed notice', 4, { at: 'notification', kind: 'notice', causationId: '4' }),
];
const cancelled = [
  ...confirmed,
  node('6', null, null, { kind: 'command' }),
  node('7', 'OrderCancelled', 300_000, { causationId: '6' }),
  node('8', 'StockReturned', 300_002, { at: 'inventory', causationId: '7' }),
];

const folded = { foldsNotices: true };
const cardsOf = (nodes: readonly NodeBody[], options = folded) =>
  stepsOf(nodes, saga, options).steps.map(({ type, lane, column }) => `${column} ${lane} ${type}`);
const nothing: Ahead = { waits: [], ghosts: [] };

describe('the steps of a saga', () => {
  it('stand in columns behind their causes, with the commands of clients in a lane of their own', () => {
    expect(cardsOf([...confirmed, ...notices])).toEqual([
      '0 client PlaceOrder',
      '1 order OrderPlaced',
      '2 inventory StockReserved',
      '3 order OrderConfirmed',
      '4 notification 2 notices',
      '4 inventory StockSold',
    ]);
    expect(cardsOf([...confirmed, ...notices], { foldsNotices: false })).toContain('2 notification OrderPlaced notice');
  });

  it('keep a pause between what was before and after it', () => {
    expect(cardsOf(cancelled).slice(4)).toEqual([
      '4 inventory StockSold',
      '5 client CancelOrder',
      '6 order OrderCancelled',
      '7 inventory StockReturned',
    ]);
  });

  it('without a known cause stand before what they led to', () => {
    const lost = confirmed
      .slice(0, 4)
      .map((each) => (each.id === '3' ? { ...each, causationId: null, time: null } : each));
    expect(cardsOf(lost).slice(2)).toEqual(['2 inventory StockReserved', '3 order OrderConfirmed']);
  });

  it('name what a timer sent, and leave it with its function', () => {
    const expired = [
      ...placed,
      node('3', null, null, { kind: 'command' }),
      node('4', 'OrderRejected', 9, { causationId: '3' }),
    ];
    expect(cardsOf(expired)).toContain('2 order ExpireOrder');
  });

  it('say which is the pivot and which undo', () => {
    const relations = stepsOf(cancelled, saga, folded).steps.map(({ type, relation }) => [type, relation]);
    expect(Object.fromEntries(relations)).toMatchObject({
      StockReserved: 'plain',
      OrderConfirmed: 'pivot',
      OrderCancelled: 'compensation',
      StockReturned: 'compensation',
    });
  });

  it('survive causes in a circle', () => {
    const circle = [
      node('a', 'OrderPlaced', 0, { causationId: 'b' }),
      node('b', 'StockReserved', 0, { causationId: 'a' }),
    ];
    expect(cardsOf(circle)).toHaveLength(2);
  });
});

describe('what is ahead', () => {
  const unread = [placed[0], { ...placed[1], reads: [read('inventory', 'unread')] }] as NodeBody[];
  const open = { status: 'placed', hasOutcome: false };
  const since = '2026-11-27T09:00:01.000Z';
  const message = { id: '2', type: 'OrderPlaced' };

  it('is a wait where a message is unread, what its reader may emit, and the outcome', () => {
    const waits = [{ at: 'inventory', kind: 'unread', detail: '', since, message }] as const;
    expect(aheadOf(stepsOf(unread, saga, folded), saga, { ...open, waits })).toEqual({
      waits: [
        { id: 'wait inventory', lane: 'inventory', column: 2, kind: 'unread', cause: '2', sinceMs: START + 1_000 },
      ],
      ghosts: [
        {
          id: 'ghost inventory 2',
          lane: 'inventory',
          column: 3,
          types: ['StockReserved', 'StockBackordered', 'StockRejected', 'ReservationRefused'],
          cause: 'wait inventory',
        },
        {
          id: 'ghost order outcome',
          lane: 'order',
          column: 4,
          types: ['OrderBackordered', 'OrderConfirmed', 'OrderRejected'],
          cause: 'ghost inventory 2',
        },
      ],
    });
  });

  it('is what the timer of the queue leads to while the order is short of goods', () => {
    const waits = [{ at: 'inventory', kind: 'backordered', detail: '' }] as const;
    const { ghosts } = aheadOf(stepsOf(placed, saga, folded), saga, {
      waits,
      status: 'backordered',
      hasOutcome: false,
    });
    expect(ghosts.map(({ lane, types }) => [lane, types])).toEqual([
      ['inventory', ['StockReserved']],
      ['order', ['OrderConfirmed', 'OrderRejected']],
    ]);
  });

  it('is what the newest message may lead to where a function does not answer', () => {
    const unknown = [read('inventory', 'unknown')];
    const nodes = [...confirmed.slice(0, 4), node('7', 'OrderCancelled', 9)].map((each) =>
      each.type?.startsWith('Order') ? { ...each, reads: unknown } : each,
    );
    const waits = [{ at: 'inventory', kind: 'unavailable', detail: '' }] as const;
    const { ghosts } = aheadOf(stepsOf(nodes, saga, folded), saga, { waits, status: 'cancelled', hasOutcome: true });
    expect(ghosts.map(({ types }) => types)).toEqual([['StockReleased', 'StockReturned']]);
  });

  it('is nothing where all is done, and a deadline is no pause', () => {
    const waits = [{ at: 'order', kind: 'deadline', detail: '', until: since }] as const;
    const end = { waits, status: 'confirmed', hasOutcome: true };
    expect(aheadOf(stepsOf(confirmed, saga, folded), saga, end)).toEqual(nothing);
  });
});

describe('a timeline', () => {
  const drawn = (nodes: readonly NodeBody[], byClock = false, room = 9_999) =>
    timelineOf(stepsOf(nodes, saga, folded), nothing, { byClock, room });

  it('labels each distance, and breaks the axis at a pause', () => {
    expect(drawn(cancelled).gaps.map(({ text, isBreak }) => [text, isBreak])).toEqual([
      ['2 ms', false],
      ['1 ms', false],
      ['2 ms', false],
      ['4 min 59 s', true],
      ['2 ms', false],
    ]);
  });

  it('says that clocks differ where time runs backwards', () => {
    const skewed = [...placed, node('3', 'StockReserved', -40, { at: 'inventory', causationId: '2' })];
    expect(drawn(skewed).gaps).toMatchObject([{ text: 'clocks differ', isBackwards: true }]);
  });

  it.each([false, true])('has no cards that overlap (by clock: %s)', (byClock) => {
    const { steps, width, height } = drawn([...cancelled, ...notices], byClock);
    for (const [index, { box, item }] of steps.entries()) {
      expect(box.x + box.width).toBeLessThanOrEqual(width);
      expect(box.y + box.height).toBeLessThanOrEqual(height);
      for (const other of steps.slice(index + 1)) {
        const isApart = Math.abs(box.x - other.box.x) >= CARD.width || Math.abs(box.y - other.box.y) >= CARD.height;
        expect(isApart, `${item.type} and ${other.item.type}`).toBe(true);
      }
    }
  });

  it.each([false, true])(
    'moves together where a little room is missing, and scrolls where much is (by clock: %s)',
    (byClock) => {
      const nodes = [...cancelled, ...notices];
      const { width } = drawn(nodes, byClock);

      expect(drawn(nodes, byClock, width - 40).width).toBeLessThanOrEqual(width - 40);
      expect(drawn(nodes, byClock, 400).width).toBe(width);
    },
  );

  it('has an arrow for each cause, of the kind of its step', () => {
    const { edges } = drawn([...confirmed, ...notices]);
    expect(edges.map(({ id, kind }) => `${id} ${kind}`).sort()).toEqual([
      '1 2 plain',
      '2 3 plain',
      '2 n1 notice',
      '3 4 pivot',
      '4 5 plain',
      '4 n1 notice',
    ]);
    for (const { path } of edges) expect(path).toMatch(/^M[-\d. A-Z]+$/);
  });

  it('by clock has equal pixels for equal times, and a line from each card to its time', () => {
    const { leaders } = drawn(confirmed, true);
    const [first = 0, second = 0, third = 0, fourth = 0] = leaders.map(({ atX }) => atX);
    expect(second - first).toBeCloseTo(2 * (third - second));
    expect(fourth - third).toBeCloseTo(second - first);
  });

  it('from top to bottom has a row for each step, and each cause above its effect', () => {
    const { rows, edges, height } = verticalTimelineOf(stepsOf(cancelled, saga, folded), nothing, { width: 356 });
    expect(rows.map(({ item }) => item.id)).toEqual(['1', '2', '3', '4', '5', '6', '7', '8']);
    expect(rows.every(({ box }) => box.x + box.width <= 356 && box.y + box.height <= height)).toBe(true);
    expect(edges).toHaveLength(6);
  });
});

describe('the bar of an open wait', () => {
  it('grows, and not beyond a card', () => {
    const widths = [0, 1_000, 60_000, 86_400_000, 1e12].map(waitWidth);
    expect(widths).toEqual(widths.toSorted((one, other) => one - other));
    expect(widths.at(-1)).toBe(CARD.width);
  });
});
