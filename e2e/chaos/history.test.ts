/** The judge finds nothing where all is well, and each planted violation where it is. */
import { describe, expect, it } from 'vitest';
import { type Judgement, judge, type OrderCall, type StoredMovement, type StoredOrder } from './history.ts';

const lines = [{ productId: 'LAMP', quantity: 2 }];
const STATUS_EVENTS = { confirmed: 'OrderConfirmed', rejected: 'OrderRejected', cancelled: 'OrderCancelled' } as const;
type Final = keyof typeof STATUS_EVENTS;

function called(orderId: string, changes: Partial<OrderCall> = {}): OrderCall {
  return { orderId, lines, attempts: 1, fresh: 1, replays: 0, isUnsure: false, ...changes };
}

function stored(orderId: string, status: Final, changes: Partial<StoredOrder> = {}): StoredOrder {
  const events = ['OrderPlaced', STATUS_EVENTS[status]].map((type) => ({ id: `${orderId}-${type}`, type, time: '' }));
  return { orderId, status, reason: null, lines, events, ...changes };
}

function moved(orderId: string, kind: string): StoredMovement {
  return { productId: 'LAMP', kind, quantity: 2, orderId, at: '' };
}

const received = { productId: 'LAMP', kind: 'received', quantity: 10, orderId: null, at: '' };
const receipt = { key: 'R1', productId: 'LAMP', quantity: 10, isAcknowledged: true, isUnsure: false };
const withdrawn = { orderId: 'C', isAsked: true, isCancelled: true };

/** One order confirmed, one rejected, one cancelled, one delivery: a run in which all went well. */
function run() {
  return {
    calls: [called('A'), called('B'), called('C')],
    cancels: [withdrawn],
    receipts: [receipt],
    brokenAnswers: [] as string[],
    orders: [stored('A', 'confirmed'), stored('B', 'rejected'), stored('C', 'cancelled')],
    movements: [received, moved('A', 'reserved'), moved('A', 'sold'), moved('C', 'reserved'), moved('C', 'released')],
    notices: ['A OrderPlaced', 'B OrderPlaced', 'C OrderPlaced', 'A OrderConfirmed', 'B OrderRejected'].concat([
      'C OrderCancelled',
    ]),
  };
}
type Run = ReturnType<typeof run>;

function judged(plant: (run: Run) => Partial<Run> = () => ({})): Judgement {
  const all = { ...run(), ...plant(run()) };
  const clients = {
    orders: new Map(all.calls.map((call) => [call.orderId, call])),
    cancels: new Map(all.cancels.map((cancel) => [cancel.orderId, cancel])),
    receipts: all.receipts,
    brokenAnswers: all.brokenAnswers,
  };
  const notices = all.notices.map((text) => ({ orderId: text.split(' ')[0] ?? '', fact: text.split(' ')[1] ?? '' }));
  return judge(clients, { orders: all.orders, movements: all.movements, notices });
}

const nothing: Judgement = { lost: [], doubled: [], unexpected: [], recovered: [] };

describe('a run in which all went well', () => {
  it('is judged clean', () => {
    expect(judged()).toEqual(nothing);
  });

  it('may have an order that waits for goods', () => {
    const waiting = stored('B', 'rejected', {
      status: 'backordered',
      events: ['OrderPlaced', 'OrderBackordered'].map((type) => ({ id: type, type, time: '' })),
    });
    const notices = run().notices.map((text) => text.replace('B OrderRejected', 'B OrderBackordered'));

    expect(judged(({ orders }) => ({ orders: orders.with(1, waiting), notices }))).toEqual(nothing);
  });

  it('may have an unsure order that never came', () => {
    expect(judged(({ calls }) => ({ calls: [...calls, called('D', { fresh: 0, isUnsure: true })] }))).toEqual(nothing);
  });

  it('names what the client never knew and what happened once', () => {
    const unsure = called('A', { fresh: 0, isUnsure: true, attempts: 7 });

    expect(judged(({ calls }) => ({ calls: calls.with(0, unsure) }))).toEqual({ ...nothing, recovered: ['A'] });
  });

  it('may have goods that were sold, returned and cancelled', () => {
    const movements = [...run().movements.slice(0, 4), moved('C', 'sold'), moved('C', 'returned')];

    expect(judged(() => ({ movements }))).toEqual(nothing);
  });

  it('may have a delivery that was booked without an answer', () => {
    const receipts = [{ ...receipt, isAcknowledged: false, isUnsure: true }];

    expect(judged(() => ({ receipts }))).toEqual(nothing);
  });
});

const confirmed = stored('A', 'confirmed');
const planted: Readonly<
  Record<'lost' | 'doubled' | 'unexpected', readonly (readonly [string, (run: Run) => Partial<Run>])[]>
> = {
  lost: [
    [
      'A was acknowledged, and the store does not know it',
      (r) => ({
        orders: r.orders.slice(1),
        movements: r.movements.filter(({ orderId }) => orderId !== 'A'),
        notices: r.notices.filter((text) => !text.startsWith('A')),
      }),
    ],
    [
      'A is placed and has no outcome',
      (r) => ({
        orders: r.orders.with(0, { ...confirmed, status: 'placed', events: confirmed.events.slice(0, 1) }),
        movements: r.movements.filter(({ kind, orderId }) => orderId !== 'A' || kind !== 'sold'),
        notices: r.notices.filter((text) => text !== 'A OrderConfirmed'),
      }),
    ],
    [
      'B is rejected and its events have no OrderRejected',
      (r) => ({
        orders: r.orders.with(1, stored('B', 'rejected', { events: stored('B', 'rejected').events.slice(0, 1) })),
        notices: r.notices.filter((text) => text !== 'B OrderRejected'),
      }),
    ],
    [
      'A is confirmed, and no LAMP was sold to it',
      (r) => ({ movements: r.movements.filter(({ kind }) => kind !== 'sold') }),
    ],
    [
      'C is cancelled, and its LAMP was never released',
      (r) => ({ movements: r.movements.filter(({ kind }) => kind !== 'released') }),
    ],
    [
      'nobody was told that A had OrderConfirmed',
      (r) => ({ notices: r.notices.filter((text) => text !== 'A OrderConfirmed') }),
    ],
    [
      'A was answered as cancelled, and is confirmed',
      (r) => ({ cancels: [...r.cancels, { orderId: 'A', isAsked: true, isCancelled: true }] }),
    ],
    ['deliveries of 10 of LAMP: 0 booked, 1 acknowledged', (r) => ({ movements: r.movements.slice(1) })],
  ],
  doubled: [
    ['A was accepted 2 times as a new order', (r) => ({ calls: r.calls.with(0, called('A', { fresh: 2 })) })],
    ['B is in the store 2 times', (r) => ({ orders: [...r.orders, stored('B', 'rejected')] })],
    [
      'A has OrderPlaced 2 times',
      (r) => ({
        orders: r.orders.with(0, {
          ...confirmed,
          events: [...confirmed.events, { id: 'x', type: 'OrderPlaced', time: '' }],
        }),
      }),
    ],
    [
      'A has the event e 2 times',
      (r) => ({
        orders: r.orders.with(0, {
          ...confirmed,
          events: [
            ...confirmed.events,
            { id: 'e', type: 'StockReserved', time: '' },
            { id: 'e', type: 'StockReserved', time: '' },
          ],
        }),
      }),
    ],
    ['LAMP was sold for A 2 times', (r) => ({ movements: [...r.movements, moved('A', 'sold')] })],
    ['somebody was told of OrderConfirmed of A 2 times', (r) => ({ notices: [...r.notices, 'A OrderConfirmed'] })],
    ['deliveries of 10 of LAMP: 2 booked, 1 reported', (r) => ({ movements: [...r.movements, received] })],
  ],
  unexpected: [
    ['A is in the store, and nobody posted it', (r) => ({ calls: r.calls.slice(1) })],
    [
      'A is in the store, and no attempt to post it was heard',
      (r) => ({ calls: r.calls.with(0, called('A', { fresh: 0 })) }),
    ],
    [
      'A has 3 LAMP, and 2 LAMP was asked for',
      (r) => ({ orders: r.orders.with(0, { ...confirmed, lines: [{ productId: 'LAMP', quantity: 3 }] }) }),
    ],
    ['C is cancelled, and nobody cancelled it', () => ({ cancels: [] })],
    ['LAMP was sold to B, which is rejected', (r) => ({ movements: [...r.movements, moved('B', 'sold')] })],
    ['LAMP was reserved for X, which does not exist', (r) => ({ movements: [...r.movements, moved('X', 'reserved')] })],
    [
      'somebody was told of OrderPlaced of X, which does not exist',
      (r) => ({ notices: [...r.notices, 'X OrderPlaced'] }),
    ],
    [
      'somebody was told that B had OrderConfirmed, and it had not',
      (r) => ({ notices: [...r.notices, 'B OrderConfirmed'] }),
    ],
    [
      'deliveries of 3 of LAMP: 1 booked, none reported',
      (r) => ({ movements: [...r.movements, { ...received, quantity: 3 }] }),
    ],
    ['POST /orders was answered with 500', () => ({ brokenAnswers: ['POST /orders was answered with 500'] })],
  ],
};

describe.each(['lost', 'doubled', 'unexpected'] as const)('what is %s', (kind) => {
  it.each(planted[kind])('is found: %s', (sentence, plant) => {
    expect(judged(plant)).toEqual({ ...nothing, [kind]: [sentence] });
  });
});
