import { describe, expect, it } from 'vitest';
import { situations as inventorySituations } from '../functions/inventory/examples.ts';
import { inventory } from '../functions/inventory/function.ts';
import { situations as notificationSituations } from '../functions/notification/examples.ts';
import { notification } from '../functions/notification/function.ts';
import { situations as orderSituations } from '../functions/order/examples.ts';
import { order } from '../functions/order/function.ts';
import { type Draft, type Message, REFUSED } from '../shared/core/message.ts';
import type { StoreFunction } from '../shared/runtime/function.ts';
import { choreography, type FunctionName, functionNames, isAllowedOnTopic, topics } from './choreography.ts';
import { commandsIn, hasOutcome, orderStatuses, statusAfter, transitions } from './lifecycle.ts';
import { isMessageType, type MessageType, messageKinds } from './messages.ts';

interface Decided {
  readonly on: string;
  readonly drafts: readonly Draft[];
}

/** What a function answers in each of its examples. */
function decided<State, Input extends Message, Output extends Draft>(
  { rules }: StoreFunction<State, Input, Output>,
  situations: readonly { readonly state: State; readonly message: Input }[],
): readonly Decided[] {
  return situations.map(({ state, message }) => ({ on: message.type, drafts: rules.decide(state, message) }));
}

const functions: Readonly<Record<FunctionName, StoreFunction>> = { order, inventory, notification };
const answers: Readonly<Record<FunctionName, readonly Decided[]>> = {
  order: decided(order, orderSituations),
  inventory: decided(inventory, inventorySituations),
  notification: decided(notification, notificationSituations),
};

function stepsOf(name: FunctionName) {
  return choreography.filter(({ by }) => by === name);
}

/** The functions that emit this type; none for a command, which comes from a client. */
function writersOf(type: MessageType): readonly FunctionName[] {
  return [...new Set(choreography.filter(({ emits }) => emits.includes(type)).map(({ by }) => by))];
}

describe.each(functionNames)('%s and the choreography', (name) => {
  const fn = functions[name];

  it('have an example of every input', () => {
    expect(new Set(answers[name].map(({ on }) => on))).toEqual(fn.inputs);
  });

  it('list the same inputs, each step once', () => {
    expect([...fn.inputs]).toEqual(stepsOf(name).map(({ on }) => on));
  });

  it('list every published event', () => {
    const listed = stepsOf(name).flatMap(({ emits }) => emits);
    const drafts = answers[name].flatMap(({ drafts }) => drafts.map(({ type }) => type));
    const published = fn.publishes === null ? drafts.filter(isMessageType) : drafts.filter((type) => type !== REFUSED);

    expect(published.filter((type) => !isMessageType(type) || !listed.includes(type))).toEqual([]);
  });

  it('agree on schemas for every event', () => {
    for (const { type, data } of answers[name].flatMap(({ drafts }) => drafts)) {
      if (isMessageType(type)) expect(messageKinds[type].schema.parse(data)).toEqual(data);
    }
  });

  it.each(stepsOf(name).filter(({ emits }) => emits.length > 0))('answer $on with each of $emits', ({ on, emits }) => {
    const types = answers[name].filter((answer) => answer.on === on).flatMap(({ drafts }) => drafts);

    expect(types.map(({ type }) => type)).toEqual(expect.arrayContaining([...emits]));
  });

  it('agree on the topics that are read: those of the writers of the inputs', () => {
    const writers = new Set<string | null>(stepsOf(name).flatMap(({ on }) => writersOf(on)));
    const expected = Object.entries(topics).filter(([topic, writer]) =>
      writer === null ? topic.startsWith(`${name}-`) : writers.has(writer),
    );

    expect(fn.consumes).toEqual(expected.map(([topic]) => topic));
  });

  it('agree on the topic that is written', () => {
    const own = Object.entries(topics).find(([, writer]) => writer === name)?.[0] ?? null;
    const emits = stepsOf(name).some((step) => step.emits.length > 0);

    expect([fn.name, fn.publishes, fn.publishes !== null]).toEqual([name, own, emits]);
  });
});

describe('the choreography', () => {
  it('uses every message type', () => {
    const used = new Set(choreography.flatMap(({ on, emits }) => [on, ...emits]));

    expect([...used].sort()).toEqual(Object.keys(messageKinds).sort());
  });

  it('has one pivot, and nothing behind it can be refused', () => {
    const pivots = choreography.filter(({ kind }) => kind === 'pivot');
    const behind = choreography.filter(({ on }) => pivots.some(({ emits }) => emits.includes(on)));

    expect([pivots.length, new Set(behind.map(({ kind }) => kind))]).toEqual([1, new Set(['retriable'])]);
  });

  it('undoes every compensatable step with events that a function emits', () => {
    const undoing = choreography.filter(({ kind }) => kind === 'compensatable').map(({ undoneBy }) => undoneBy);

    expect(undoing.every((types) => types.length > 0)).toBe(true);
    expect(undoing.flat().filter((type) => writersOf(type).length === 0)).toEqual([]);
  });

  it('undoes one step behind the pivot: a sale, which the customer can still cancel', () => {
    const undone = choreography.filter(({ kind, undoneBy }) => kind === 'retriable' && undoneBy.length > 0);

    expect(undone.map(({ emits, undoneBy }) => [emits, undoneBy])).toEqual([[['StockSold'], ['StockReturned']]]);
  });
});

describe('the life-cycle of an order', () => {
  it('changes by the events that order emits, and by each of them', () => {
    const emitted = new Set(stepsOf('order').flatMap(({ emits }) => emits));

    expect(new Set(transitions.map(({ event }) => event))).toEqual(emitted);
  });

  it('has its outcome when it is confirmed, dispatched, rejected or cancelled', () => {
    expect(orderStatuses.filter(hasOutcome)).toEqual(['confirmed', 'dispatched', 'rejected', 'cancelled']);
  });

  it('allows a rejection only before the outcome', () => {
    const reachable = new Set(transitions.map(({ to }) => to));

    for (const status of reachable) expect(statusAfter(status, 'OrderRejected') === null).toBe(hasOutcome(status));
  });

  it('ends when it is rejected, cancelled or dispatched', () => {
    const ends = transitions.map(({ to }) => to).filter((to) => !transitions.some(({ from }) => from === to));

    expect(new Set(ends)).toEqual(new Set(['rejected', 'cancelled', 'dispatched']));
  });

  it.each([
    ['placed', ['cancel']],
    ['backordered', ['cancel']],
    ['confirmed', ['cancel', 'dispatch']],
    ['dispatched', []],
    ['rejected', []],
    ['cancelled', []],
  ] as const)('offers to an order that is %s: %s', (status, commands) => {
    expect(commandsIn(status)).toEqual(commands);
  });

  it('reaches every status that it lists, and no other', () => {
    expect(new Set(transitions.map(({ to }) => to))).toEqual(new Set(orderStatuses));
  });

  it('allows only the changes in its table', () => {
    const events = new Set(transitions.map(({ event }) => event));
    const allowed = [null, ...orderStatuses].flatMap((from) =>
      [...events].flatMap((event) => {
        const to = statusAfter(from, event);
        return to === null ? [] : [{ from, event, to }];
      }),
    );

    expect(allowed).toEqual(transitions);
  });
});

describe('a topic', () => {
  it.each([
    ['order-events', 'OrderPlaced', '/order', true],
    ['order-events', 'OrderPlaced', '/inventory', false],
    ['order-events', 'StockReserved', '/order', false],
    ['inventory-events', 'StockReserved', '/inventory', true],
    ['order-commands', 'PlaceOrder', '/import', true],
    ['order-commands', 'CancelOrder', '/import', true],
    ['order-commands', 'DispatchOrder', '/import', true],
    ['order-commands', 'ExpireOrder', '/import', false],
    ['order-commands', 'FillBackorder', '/import', false],
    ['order-commands', 'PlaceOrder', '/http', false],
    ['order-events', 'ExpireOrder', '/order', false],
    ['inventory-events', 'StockBackordered', '/inventory', true],
    ['inventory-events', 'ReservationRefused', '/inventory', true],
    ['inventory-events', 'FillBackorder', '/inventory', false],
    ['order-commands', 'StockReserved', '/inventory', false],
    ['order-commands', 'ReceiveStock', '/import', false],
    ['nowhere', 'PlaceOrder', '/import', false],
    ['__proto__', 'PlaceOrder', '/import', false],
  ])('%s may hold %s of %s: %s', (topic, type, source, may) => {
    expect(isAllowedOnTopic(topic, type, source)).toBe(may);
  });
});
