/**
 * Every way in which the timer of an order, its customer, the answers about it and a delivery of goods can fall
 * together. Pure: the rules of order and inventory, with a bag of messages between them from which any may be taken
 * next.
 */
import { describe, expect, it } from 'vitest';
import { catalog } from '../saga/catalog.ts';
import { cancelOrder, dispatchOrder, expireOrder, orderPlaced, placeOrder } from '../saga/examples.ts';
import { hasOutcome } from '../saga/lifecycle.ts';
import { outcomeOf } from '../saga/outcome.ts';
import { answer, type Draft, type Message, REFUSED } from '../shared/core/message.ts';
import { versionOf } from '../shared/core/message-catalog.ts';
import type { StoreFunction } from '../shared/runtime/function.ts';
import { fillBackorder, receiveStock, stocked, withWaitPolicy } from './inventory/examples.ts';
import { inventory } from './inventory/function.ts';
import { type Inventory, unreserved } from './inventory/state.ts';
import { nothingPlaced } from './order/examples.ts';
import { order } from './order/function.ts';
import type { OrderState } from './order/state.ts';

const NOW = '2026-03-01T10:00:05.000Z';
const lamps = { lamp: 2 };

interface World {
  readonly order: OrderState;
  readonly inventory: Inventory;
  /** What may happen next: messages under way, and what the outside world still does. */
  readonly pending: readonly Message[];
  readonly published: readonly Message[];
}

/** Lets a function answer a message; a refusal publishes nothing. */
function step<State>(fn: StoreFunction, state: State, message: Message): { state: State; emitted: readonly Message[] } {
  const drafts = fn.inputs.has(message.type) ? fn.rules.decide(state, message) : [];
  if (drafts.some(({ type }) => type === REFUSED)) return { state, emitted: [] };
  const after = drafts.reduce((now: unknown, draft: Draft) => fn.rules.evolve(now, draft), state) as State;
  return {
    state: after,
    emitted: drafts.map((draft, n) => answer(message, fn.name, n, draft, NOW, versionOf(catalog, draft.type))),
  };
}

/**
 * The world after this message was handled by all its consumers, twice in a row; only a receipt needs an inbox to be
 * once.
 */
function after(world: World, index: number): World {
  const message = world.pending[index] as Message;
  const first = handled(world, message);
  const last = message.type === 'ReceiveStock' ? first : handled(first, message);
  const rest = world.pending.toSpliced(index, 1);
  return {
    ...last,
    pending: last === first ? [...rest, ...first.pending] : [...rest, ...first.pending, ...last.pending],
  };
}

/** `pending` and `published` with what is new alone. */
function handled(world: World, message: Message): World {
  const ofOrder = step(order, world.order, message);
  const ofInventory = step(inventory, world.inventory, message);
  const emitted = [...ofOrder.emitted, ...ofInventory.emitted];
  const published = [...world.published, ...emitted];
  return { order: ofOrder.state, inventory: ofInventory.state, pending: emitted, published };
}

/** Every world in which nothing is left to happen. Worlds that are alike are followed once. */
function endsOf(start: World): readonly World[] {
  const seen = new Set<string>();
  const ends: World[] = [];
  const follow = (world: World) => {
    const name = nameOf(world);
    if (seen.has(name)) return;
    seen.add(name);
    const next = settled(world);
    if (next.pending.length === 0) ends.push(next);
    for (const index of next.pending.keys()) follow(after(next, index));
  };
  follow(start);
  return ends;
}

/** Where nothing is under way any more, those who wait get their turn, as the loop beside inventory gives it. */
function settled(world: World): World {
  if (world.pending.length > 0 || world.inventory.reservation.status !== 'waiting') return world;
  const turn = handled(world, fillBackorder(lamps));
  return turn.pending.length === 0 ? world : turn;
}

function nameOf({ order, inventory, pending, published }: World): string {
  const { status, version } = order.order ?? {};
  const types = (messages: readonly Message[]) => messages.map(({ type }) => type).sort();
  return JSON.stringify([
    status,
    version,
    inventory.reservation,
    [...inventory.stock],
    types(pending),
    types(published),
  ]);
}

/** The order is placed, and all this is about to happen to it. */
function placedWith(inventory: Inventory, ...pending: readonly Message[]): World {
  const placed = step(order, nothingPlaced, placeOrder(lamps));
  return { order: placed.state, inventory, pending: [...placed.emitted, ...pending], published: placed.emitted };
}

/** What a customer and a bookkeeper would call wrong. */
function faultsOf({ order, inventory, published }: World): readonly string[] {
  const status = order.order?.status ?? 'placed';
  const level = inventory.stock.get('lamp');
  const { received = 0, onHand = 0, reserved = 0, sold = 0, backordered = 0 } = level ?? {};
  const isSold = status === 'confirmed' || status === 'dispatched';
  const faults: readonly (readonly [fault: string, isThere: boolean])[] = [
    ['the order hangs', !hasOutcome(status)],
    ['the saga hangs', outcomeOf(published) === 'running'],
    ['units are lost or made', received !== onHand + sold],
    ['more is held than there is', level !== undefined && unreserved(level) < 0],
    ['something is held or waited for', reserved !== 0 || backordered !== 0],
    [`${sold} are sold and the order is ${status}`, sold !== (isSold ? lamps.lamp : 0)],
  ];
  return faults.filter(([, isThere]) => isThere).map(([fault]) => fault);
}

/** How orders end, each way once, as `status/what inventory has`. */
function endings(worlds: readonly World[]): readonly string[] {
  return [
    ...new Set(worlds.map(({ order, inventory }) => `${order.order?.status}/${inventory.reservation.status}`)),
  ].sort();
}

describe('an order, with all that may happen to it in every order', () => {
  it('ends in one outcome when its time is over and there is stock', () => {
    const ends = endsOf(placedWith(stocked({ lamp: 2 }), expireOrder()));

    expect(ends.flatMap(faultsOf)).toEqual([]);
    expect(endings(ends)).toEqual(['confirmed/sold', 'rejected/refused', 'rejected/released']);
  });

  it('ends in one outcome when it is cancelled and its time is over', () => {
    const ends = endsOf(placedWith(stocked({ lamp: 2 }), expireOrder(), cancelOrder()));

    expect(ends.flatMap(faultsOf)).toEqual([]);
    expect(endings(ends)).toEqual([
      'cancelled/refused',
      'cancelled/released',
      'cancelled/returned',
      'rejected/refused',
      'rejected/released',
    ]);
  });

  it('ends in one outcome when it is cancelled and dispatched at once', () => {
    const ends = endsOf(placedWith(stocked({ lamp: 2 }), cancelOrder(), dispatchOrder(), expireOrder()));

    expect(ends.flatMap(faultsOf)).toEqual([]);
    expect(endings(ends)).toEqual(
      expect.arrayContaining(['cancelled/returned', 'dispatched/sold', 'rejected/released']),
    );
  });

  it('ends in one outcome when it is short, cancelled and given up', () => {
    const ends = endsOf(placedWith(stocked({ lamp: 1 }), cancelOrder(), expireOrder()));

    expect(ends.flatMap(faultsOf)).toEqual([]);
  });

  it('ends in one outcome when it waits for goods that come while it is cancelled and given up', () => {
    const short = withWaitPolicy(stocked({ lamp: 1 }), 'lamp');

    const ends = endsOf(placedWith(short, receiveStock('lamp', 1), cancelOrder(), expireOrder(), fillBackorder(lamps)));

    expect(ends.flatMap(faultsOf)).toEqual([]);
    expect(endings(ends)).toEqual([
      'cancelled/refused',
      'cancelled/released',
      'cancelled/returned',
      'rejected/refused',
      'rejected/released',
    ]);
  });

  it('is confirmed when it waits, the goods come, and it is not cancelled', () => {
    const short = withWaitPolicy(stocked({ lamp: 1 }), 'lamp');

    const ends = endsOf(placedWith(short, receiveStock('lamp', 1)));

    expect(ends.flatMap(faultsOf)).toEqual([]);
    expect(endings(ends)).toEqual(['confirmed/sold']);
  });

  it('would be caught when it hangs, loses a unit or holds one', () => {
    const hanging = placedWith(stocked({ lamp: 2 }));
    const held = step(inventory, stocked({ lamp: 2 }), orderPlaced(lamps)).state;

    expect([hanging, { ...hanging, inventory: held }].map(faultsOf)).toEqual([
      ['the order hangs', 'the saga hangs'],
      ['the order hangs', 'the saga hangs', 'something is held or waited for'],
    ]);
  });
});
