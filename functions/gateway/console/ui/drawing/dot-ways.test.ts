import { describe, expect, it } from 'vitest';
import type { CommittedBody } from '../../../../../shared/runtime/inspect/stream-representation.ts';
import { waysOf } from './dot-ways.ts';
import { graphOf, type Saga } from './saga-graph.ts';

const graph = graphOf({
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
    { on: 'OrderPlaced', by: 'notification', emits: [], kind: 'retriable', undoneBy: [] },
    { on: 'StockReserved', by: 'order', emits: ['OrderConfirmed'], kind: 'pivot', undoneBy: [] },
    { on: 'Filled', by: 'inventory', emits: ['StockReserved'], kind: 'compensatable', undoneBy: [] },
    { on: 'Counted', by: 'inventory', emits: ['Filled'], kind: 'compensatable', undoneBy: [] },
    { on: 'OrderConfirmed', by: 'inventory', emits: ['StockSold'], kind: 'retriable', undoneBy: [] },
    { on: 'OrderConfirmed', by: 'notification', emits: [], kind: 'retriable', undoneBy: [] },
  ],
  transitions: [
    { from: null, event: 'OrderPlaced', to: 'placed' },
    { from: 'placed', event: 'OrderConfirmed', to: 'confirmed' },
  ],
  commands: [],
} satisfies Saga);

const types = new Map([
  ['1', 'OrderPlaced'],
  ['2', 'Filled'],
]);

function ways(type: string, by: string, causationId: string | null = null): readonly string[] {
  const message: CommittedBody = { function: by, type, outcome: 'handled', key: '', id: '9', causationId, time: '' };
  return waysOf(graph, message, (id) => types.get(id));
}

describe('a message on the map', () => {
  it.each([
    ['that is a command goes no way', ['PlaceOrder', 'order', null], []],
    ['comes from its cause', ['StockReserved', 'order', '1'], ['OrderPlaced→StockReserved']],
    ['comes from another cause', ['StockReserved', 'order', '2'], ['Filled→StockReserved']],
    ['whose cause was not seen goes no way where it could be several', ['StockReserved', 'order', '7'], []],
    [
      'goes on to what always follows, which no function reads',
      ['OrderConfirmed', 'inventory', null],
      ['StockReserved→OrderConfirmed', 'OrderConfirmed→StockSold'],
    ],
    [
      'ends where nothing follows',
      ['OrderConfirmed', 'notification', null],
      ['OrderConfirmed→OrderConfirmed@notification'],
    ],
    ['of another saga goes no way', ['Unknown', 'order', null], []],
  ] as const)('%s', (_, [type, by, cause], expected) => {
    expect(ways(type, by, cause)).toEqual(expected);
  });
});
