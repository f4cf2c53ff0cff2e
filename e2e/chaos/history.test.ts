/** Nothing is found in a good run, and each planted violation is found. */
import { describe, expect, it } from 'vitest';
import {
  type Judgement,
  judge,
  type OrderCall,
  type ReceiptCall,
  type StoredMovement,
  type StoredOrder,
} from './history.ts';

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
const receipt: ReceiptCall = {
  key: 'R1',
  kind: 'received',
  productId: 'LAMP',
  quantity: 10,
  isAcknowledged: true,
  isUnsure: false,
};
const withdrawn = { orderId: 'C', isAsked: true, isCancelled: true };

/** A good run: one order confirmed, one rejected, one cancelled, one delivery. */
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

describe('a good run', () => {
  it('has no findings', () => {
    expect(judged()).toEqual(nothing);
  });

  it('has none with an order that is dispatched, and keeps its goods', () => {
    const { events } = stored('A', 'confirmed');
    const dispatched = {
      ...stored('A', 'confirmed'),
      status: 'dispatched',
      events: [...events, { id: 'd', type: 'OrderDispatched', time: '' }],
    };

    expect(judged(({ orders }) => ({ orders: orders.with(0, dispatched) }))).toEqual(nothing);
    expect(judged(({ orders }) => ({ orders: orders.with(0, { ...dispatched, events }) })).lost).toEqual([
      'A is dispatched, but has no event OrderDispatched',
    ]);
  });

  it('may have a backordered order', () => {
    const waiting = stored('B', 'rejected', {
      status: 'backordered',
      events: ['OrderPlaced', 'OrderBackordered'].map((type) => ({ id: type, type, time: '' })),
    });
    const notices = run().notices.map((text) => text.replace('B OrderRejected', 'B OrderBackordered'));

    expect(judged(({ orders }) => ({ orders: orders.with(1, waiting), notices }))).toEqual(nothing);
  });

  it('may have an unsure order that never reached the store', () => {
    expect(judged(({ calls }) => ({ calls: [...calls, called('D', { fresh: 0, isUnsure: true })] }))).toEqual(nothing);
  });

  it('lists as recovered an order that took effect without a clear first answer', () => {
    const unsure = called('A', { fresh: 0, isUnsure: true, attempts: 7 });

    expect(judged(({ calls }) => ({ calls: calls.with(0, unsure) }))).toEqual({ ...nothing, recovered: ['A'] });
  });

  it('may have a cancelled order whose goods were sold and returned', () => {
    const movements = [...run().movements.slice(0, 4), moved('C', 'sold'), moved('C', 'returned')];

    expect(judged(() => ({ movements }))).toEqual(nothing);
  });

  it('may have a delivery booked without an answer to its client', () => {
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
      'A was acknowledged, but is not in the store',
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
      'B is rejected, but has no event OrderRejected',
      (r) => ({
        orders: r.orders.with(1, stored('B', 'rejected', { events: stored('B', 'rejected').events.slice(0, 1) })),
        notices: r.notices.filter((text) => text !== 'B OrderRejected'),
      }),
    ],
    [
      'A is confirmed, but no LAMP was sold to it',
      (r) => ({ movements: r.movements.filter(({ kind }) => kind !== 'sold') }),
    ],
    [
      'C is cancelled, but its LAMP was never released',
      (r) => ({ movements: r.movements.filter(({ kind }) => kind !== 'released') }),
    ],
    [
      'the customer was not notified of OrderConfirmed of A',
      (r) => ({ notices: r.notices.filter((text) => text !== 'A OrderConfirmed') }),
    ],
    [
      'A was acknowledged as cancelled, but is confirmed',
      (r) => ({ cancels: [...r.cancels, { orderId: 'A', isAsked: true, isCancelled: true }] }),
    ],
    ['deliveries of 10 LAMP: 0 booked, 1 acknowledged', (r) => ({ movements: r.movements.slice(1) })],
    [
      'corrections of -1 LAMP: 0 booked, 1 acknowledged',
      (r) => ({ receipts: [...r.receipts, { ...receipt, kind: 'corrected', quantity: -1 }] }),
    ],
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
    [
      'the customer was notified of OrderConfirmed of A 2 times',
      (r) => ({ notices: [...r.notices, 'A OrderConfirmed'] }),
    ],
    ['deliveries of 10 LAMP: 2 booked, 1 reported', (r) => ({ movements: [...r.movements, received] })],
  ],
  unexpected: [
    ['A is in the store, but no client posted it', (r) => ({ calls: r.calls.slice(1) })],
    [
      'A is in the store, but every request with it was refused',
      (r) => ({ calls: r.calls.with(0, called('A', { fresh: 0 })) }),
    ],
    [
      'A has 3 LAMP instead of 2 LAMP',
      (r) => ({ orders: r.orders.with(0, { ...confirmed, lines: [{ productId: 'LAMP', quantity: 3 }] }) }),
    ],
    ['C is cancelled, but no client cancelled it', () => ({ cancels: [] })],
    ['LAMP was sold to B, which is rejected', (r) => ({ movements: [...r.movements, moved('B', 'sold')] })],
    ['LAMP was reserved for X, which does not exist', (r) => ({ movements: [...r.movements, moved('X', 'reserved')] })],
    [
      'the customer was notified of OrderPlaced of X, which does not exist',
      (r) => ({ notices: [...r.notices, 'X OrderPlaced'] }),
    ],
    [
      'the customer was notified of OrderConfirmed of B, which did not happen',
      (r) => ({ notices: [...r.notices, 'B OrderConfirmed'] }),
    ],
    [
      'corrections of -3 LAMP: 1 booked, none reported',
      (r) => ({ movements: [...r.movements, { ...received, kind: 'corrected', quantity: -3 }] }),
    ],
    [
      'deliveries of 3 LAMP: 1 booked, none reported',
      (r) => ({ movements: [...r.movements, { ...received, quantity: 3 }] }),
    ],
    ['POST /orders was answered with 500', () => ({ brokenAnswers: ['POST /orders was answered with 500'] })],
  ],
};

describe.each(['lost', 'doubled', 'unexpected'] as const)('a finding of kind %s', (kind) => {
  it.each(planted[kind])('is reported: %s', (sentence, plant) => {
    expect(judged(plant)).toEqual({ ...nothing, [kind]: [sentence] });
  });
});
