import { describe, expect, it } from 'vitest';
import { transitions } from '../../../../../saga/lifecycle.ts';
import type { Saga, TraceStep } from './causal-order.ts';
import { STATE, statesOf } from './states.ts';

const saga: Saga = {
  functions: ['order'],
  topics: [],
  steps: [
    {
      on: '',
      by: 'order',
      emits: ['OrderPlaced', 'OrderConfirmed', 'OrderCancelled'],
      kind: 'retriable',
      undoneBy: [],
    },
  ],
  transitions: transitions.map((row) => ({ ...row })),
  commands: [],
};
const step = (type: string, atMs: number): TraceStep => ({
  id: type,
  type,
  atMs,
  lane: 'order',
  column: 0,
  kind: 'event',
  nodes: [],
  causes: [],
  relation: 'plain',
  reads: [],
});
const states = statesOf(saga, [step('OrderPlaced', 1), step('OrderConfirmed', 4)], 'confirmed');

describe('the diagram of statuses', () => {
  it('fills the current one, and outlines what is possible next', () => {
    expect(Object.fromEntries(states.boxes.map(({ name, look }) => [name, look]))).toEqual({
      placed: 'passed',
      backordered: 'other',
      confirmed: 'current',
      dispatched: 'possible',
      rejected: 'other',
      cancelled: 'possible',
    });
  });

  it('has the way of the order with its times', () => {
    const travelled = states.edges.filter(({ look }) => look === 'travelled');
    expect(travelled.map(({ id, step: by }) => [id, by?.id, by?.atMs])).toEqual([
      ['- placed', 'OrderPlaced', 1],
      ['placed confirmed', 'OrderConfirmed', 4],
    ]);
  });

  it.each([false, true])('has boxes that do not touch (narrow: %s)', (isNarrow) => {
    const { boxes, width, height } = statesOf(saga, [], 'placed', { isNarrow });
    for (const [index, box] of boxes.entries()) {
      expect(box.x + STATE.width <= width && box.y + STATE.height <= height).toBe(true);
      for (const other of boxes.slice(index + 1)) {
        const isApart = Math.abs(box.x - other.x) > STATE.width || Math.abs(box.y - other.y) > STATE.height;
        expect(isApart, `${box.name} and ${other.name}`).toBe(true);
      }
    }
  });

  it('takes in statuses that it does not know', () => {
    const more = { ...saga, transitions: [...saga.transitions, { from: 'confirmed', event: 'OrderLost', to: 'lost' }] };
    const { boxes, height } = statesOf(more, [], 'lost');
    expect(boxes.find(({ name }) => name === 'lost')).toMatchObject({ look: 'current' });
    expect(Math.max(...boxes.map(({ y }) => y + STATE.height))).toBeLessThanOrEqual(height);
  });
});
