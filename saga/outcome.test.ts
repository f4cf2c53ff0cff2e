import { describe, expect, it } from 'vitest';
import type { Message } from '../shared/core/message.ts';
import { permutations } from '../shared/testing/permutations.ts';
import {
  orderBackordered,
  orderCancelled,
  orderConfirmed,
  orderPlaced,
  orderRejected,
  stockBackordered,
  stockRejected,
  stockReleased,
  stockReserved,
  stockReturned,
  stockSold,
} from './examples.ts';
import { outcomeOf } from './outcome.ts';

const lamps = { lamp: 2 };
const served: readonly Message[] = [orderPlaced(lamps), stockReserved(lamps), orderConfirmed(lamps), stockSold(lamps)];
const refused: readonly Message[] = [orderPlaced(lamps), stockRejected(), orderRejected(lamps)];
const undone: readonly Message[] = [
  orderPlaced(lamps),
  stockReserved(lamps),
  orderRejected(lamps),
  stockReleased(lamps),
];
const waited: readonly Message[] = [
  orderPlaced(lamps),
  stockBackordered(lamps),
  orderBackordered(),
  stockReserved(lamps),
  orderConfirmed(lamps),
  stockSold(lamps),
];
const tookBack: readonly Message[] = [...served, orderCancelled(lamps), stockReturned(lamps)];
const gaveUp: readonly Message[] = [
  orderPlaced(lamps),
  stockBackordered(lamps),
  orderBackordered(),
  orderCancelled(lamps),
  stockReleased({}),
];

function outcomesOnTheWay(messages: readonly Message[]) {
  return messages.map((_, index) => outcomeOf(messages.slice(0, index + 1)));
}

describe('the outcome of an order', () => {
  it('is running before anything is known', () => {
    expect(outcomeOf([])).toBe('running');
  });

  it('is completed when the order is confirmed and its stock sold', () => {
    expect(outcomesOnTheWay(served)).toEqual(['running', 'running', 'running', 'completed']);
  });

  it('is compensated when the order is rejected and nothing was held', () => {
    expect(outcomesOnTheWay(refused)).toEqual(['running', 'running', 'compensated']);
  });

  it('is running while a rejected order still holds stock', () => {
    expect(outcomesOnTheWay(undone)).toEqual(['running', 'running', 'running', 'compensated']);
  });

  it('is running while the sold stock of a cancelled order is not returned', () => {
    expect(outcomesOnTheWay(tookBack).slice(3)).toEqual(['completed', 'running', 'compensated']);
  });

  it('is running while a cancelled order still waits for goods', () => {
    expect(outcomesOnTheWay(gaveUp)).toEqual(['running', 'running', 'running', 'running', 'compensated']);
  });

  it.each([
    ['completed', served],
    ['completed', waited],
    ['compensated', refused],
    ['compensated', undone],
    ['compensated', tookBack],
    ['compensated', gaveUp],
  ])('is %s in any order of the messages, and with duplicates', (outcome, messages) => {
    const outcomes = permutations(messages).map((order) => outcomeOf([...order, ...order]));

    expect(new Set(outcomes)).toEqual(new Set([outcome]));
  });
});
