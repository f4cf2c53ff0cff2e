import { describe, expect, it } from 'vitest';
import type { FunctionTraceBody, LocatedBody } from '../../shared/runtime/inspect/part-representation.ts';
import { draftsOf, questionsFor, type Saga, traceNodes } from './trace.ts';

const saga: Saga = {
  functions: ['order', 'inventory', 'notification'],
  topics: [
    { name: 'order-commands', writer: null, readers: ['order'] },
    { name: 'order-events', writer: 'order', readers: ['inventory', 'notification'] },
    { name: 'inventory-events', writer: 'inventory', readers: ['order'] },
  ],
  steps: [
    ['PlaceOrder', 'order', 'OrderPlaced'],
    ['OrderPlaced', 'inventory', 'StockReserved'],
    ['OrderPlaced', 'notification'],
    ['StockReserved', 'order', 'OrderConfirmed'],
    ['CancelOrder', 'order', 'OrderCancelled'],
    ['StockReleased', 'order', 'OrderCancelled'],
    ['OrderCancelled', 'inventory', 'StockReleased'],
  ].map(([on = '', by = '', ...emits]) => ({ on, by, emits, kind: 'retriable' as const, undoneBy: [] })),
  transitions: [],
  commands: [],
};

interface Event {
  readonly id: string;
  readonly type: string;
  readonly cause: string;
  readonly position?: number;
  readonly time?: string;
  readonly topic?: string;
  readonly readBy?: Readonly<Record<string, boolean | null>>;
}

function event({
  id,
  type,
  cause,
  position = 1,
  time = '10:00',
  topic = 'order-events',
  readBy = {},
}: Event): LocatedBody {
  const attributes = { id, type, source: '/x', causationid: cause, partitionkey: 'A', time };
  const message = { partition: 0, position, attributes, data: {}, isCut: false, isText: false };
  return { message, topic, epoch: 'e', delivered: { partition: 0, position }, readBy: { ...readBy } };
}

function part(name: string, messages: LocatedBody[], more: Partial<FunctionTraceBody> = {}) {
  return { name, body: { messages, held: [], steps: [], isWhole: true, ...more } };
}

const placed = event({ id: 'placed', type: 'OrderPlaced', cause: 'command', time: '10:00' });
const reserved = event({
  id: 'reserved',
  type: 'StockReserved',
  cause: 'placed',
  topic: 'inventory-events',
  time: '09:59',
});
const confirmed = event({ id: 'confirmed', type: 'OrderConfirmed', cause: 'reserved', position: 2, time: '10:01' });

function traced(parts: ReturnType<typeof part>[], away: string[] = [], told = new Map()) {
  return traceNodes(draftsOf(parts, saga), told, saga, away);
}

describe('the trace of a key', () => {
  it('is in causal order, whatever the clocks say, with the command that is not stored first', () => {
    const nodes = traced([part('order', [placed, confirmed]), part('inventory', [reserved])]);

    expect(nodes.map(({ id, type, at, kind }) => [id, type, at, kind])).toEqual([
      ['command', 'PlaceOrder', 'order', 'command'],
      ['placed', 'OrderPlaced', 'order', 'event'],
      ['reserved', 'StockReserved', 'inventory', 'event'],
      ['confirmed', 'OrderConfirmed', 'order', 'event'],
    ]);
    expect(nodes[0]).toMatchObject({ message: null, time: null, reads: [{ by: 'order', state: 'handled' }] });
  });

  it('has a command that is not stored right before what it led to', () => {
    const cancelled = event({ id: 'cancelled', type: 'OrderCancelled', cause: 'later', position: 3, time: '10:02' });

    const nodes = traced([part('order', [placed, confirmed, cancelled]), part('inventory', [reserved])]);

    expect(nodes.map(({ id }) => id)).toEqual(['command', 'placed', 'reserved', 'confirmed', 'later', 'cancelled']);
  });

  it('has an event without its message where its writer is away', () => {
    const nodes = traced([part('order', [placed, confirmed])], ['inventory']);

    expect(nodes.find(({ id }) => id === 'reserved')).toMatchObject({
      type: 'StockReserved',
      at: 'inventory',
      kind: 'event',
      message: null,
      reads: [{ by: 'order', state: 'handled' }],
    });
  });

  it('names no type where the cause can have been several things', () => {
    const cancelled = event({ id: 'cancelled', type: 'OrderCancelled', cause: 'x' });

    expect(traced([part('order', [cancelled])])[0]).toMatchObject({ id: 'x', type: 'CancelOrder', kind: 'command' });
    expect(traced([part('order', [cancelled])], ['inventory'])[0]).toMatchObject({
      id: 'x',
      type: null,
      kind: 'command',
    });
  });

  it('says who has read a message: as the reader says, else as its position says', () => {
    const readBy = { inventory: false, notification: true };
    const nodes = (told: ReadonlyMap<string, ReadonlyMap<string, object>>) =>
      traced([part('order', [{ ...placed, readBy }])], [], told as never).find(({ id }) => id === 'placed')?.reads;

    expect(nodes(new Map())).toEqual([
      { by: 'inventory', state: 'unread', letter: null },
      { by: 'notification', state: 'unknown', letter: null },
    ]);
    const parked = new Map([['placed', { state: 'parked', letter: null }]]);
    const handled = new Map([['placed', { state: 'handled', letter: null }]]);
    expect(
      nodes(
        new Map([
          ['inventory', parked],
          ['notification', handled],
        ]),
      )?.map(({ state }) => state),
    ).toEqual(['parked', 'handled']);
  });

  it('asks a function only about messages that it handles, so many at once', () => {
    const drafts = draftsOf([part('order', [placed, confirmed]), part('inventory', [reserved])], saga);

    expect(questionsFor(drafts, 'notification', 10).map((batch) => batch.map(({ id }) => id))).toEqual([['placed']]);
    expect(questionsFor(drafts, 'order', 10).map((batch) => batch.map(({ id }) => id))).toEqual([['reserved']]);
    const many = draftsOf(
      [
        part('order', [
          placed,
          { ...placed, message: { ...placed.message, attributes: { ...placed.message.attributes, id: 'b' } } },
        ]),
      ],
      saga,
    );
    expect(questionsFor(many, 'inventory', 1)).toHaveLength(2);
  });

  it('has what a function holds, and steps that are no messages', () => {
    const message = { ...placed.message, attributes: { id: 'timer', type: 'CancelOrder', causationid: 'timer' } };
    const held = [{ message, topic: 'timer', state: 'dead' as const, letter: 'abc' }];
    const step = {
      id: 'n',
      type: 'OrderPlaced notice',
      time: '09:00',
      causationId: 'placed',
      notice: { status: 'sent', detail: null },
    };

    const nodes = traced([part('order', [placed], { held }), part('notification', [], { steps: [step] })]);

    expect(nodes.find(({ id }) => id === 'timer')).toMatchObject({
      at: 'order',
      kind: 'command',
      topic: null,
      reads: [{ by: 'order', state: 'dead', letter: 'abc' }],
    });
    const order = nodes.map(({ id }) => id);
    expect(order.indexOf('n')).toBeGreaterThan(order.indexOf('placed'));
    expect(nodes.find(({ id }) => id === 'n')).toMatchObject({ at: 'notification', kind: 'notice', reads: [] });
  });

  it('ends where causes run in a circle', () => {
    const one = event({ id: 'one', type: 'OrderPlaced', cause: 'two' });
    const two = event({ id: 'two', type: 'OrderConfirmed', cause: 'one', position: 2 });

    expect(
      traced([part('order', [one, two])])
        .map(({ id }) => id)
        .sort(),
    ).toEqual(['one', 'two']);
  });
});
