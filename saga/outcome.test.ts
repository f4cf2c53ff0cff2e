import { describe, expect, it } from 'vitest';
import type { Message } from '../shared/core/message.ts';
import { permutations } from '../shared/testing/permutations.ts';
import {
  orderConfirmed,
  orderPlaced,
  orderRejected,
  stockRejected,
  stockReleased,
  stockReserved,
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

  it.each([
    ['completed', served],
    ['compensated', refused],
    ['compensated', undone],
  ])('is %s in whatever order the messages are read, and however often', (outcome, messages) => {
    const outcomes = permutations(messages).map((order) => outcomeOf([...order, ...order]));

    expect(new Set(outcomes)).toEqual(new Set([outcome]));
  });
});
