import { describe, expect, it } from 'vitest';
import { choreography, functionNames, topics } from '../../../../../saga/choreography.ts';
import { transitions } from '../../../../../saga/lifecycle.ts';
import { curveThrough, pointOn } from './curve.ts';
import { LANE_MIN_HEIGHT, layOut } from './lane-layout.ts';
import { graphOf, type Saga } from './saga-graph.ts';

/** The saga of the store, as the store describes it. */
const storeSaga: Saga = {
  functions: [...functionNames],
  topics: Object.entries(topics).map(([name, writer]) => ({ name, writer, readers: [] })),
  steps: choreography.map((step) => ({ ...step, emits: [...step.emits], undoneBy: [...step.undoneBy] })),
  transitions: [...transitions],
  commands: [],
};

describe('the graph of the saga', () => {
  it('has each event of an order in the lane of who emits it, behind all that it can follow', () => {
    const { nodes, lanes, columns } = graphOf(storeSaga);
    const rows = nodes.filter(({ kind }) => kind === 'event').map(({ id, lane, column }) => `${column} ${lane} ${id}`);
    expect(lanes).toEqual(['order', 'inventory', 'notification']);
    expect(columns).toBe(6);
    expect(rows.sort()).toEqual([
      '0 order OrderPlaced',
      '1 inventory ReservationRefused',
      '1 inventory StockBackordered',
      '1 inventory StockRejected',
      '1 inventory StockReserved',
      '2 order OrderBackordered',
      '3 order OrderConfirmed',
      '3 order OrderRejected',
      '4 inventory StockSold',
      '4 order OrderCancelled',
      '4 order OrderDispatched',
      '5 inventory StockReleased',
      '5 inventory StockReturned',
    ]);
  });

  it('ends where a function emits nothing, one column on', () => {
    const { nodes } = graphOf(storeSaga);
    const ends = nodes.filter(({ kind }) => kind === 'end').map(({ id, column }) => `${column} ${id}`);
    expect(ends.sort()).toEqual([
      '1 OrderPlaced@notification',
      '3 OrderBackordered@notification',
      '4 OrderConfirmed@notification',
      '4 OrderRejected@notification',
      '5 OrderCancelled@notification',
    ]);
  });

  it('knows its pivot, its commands, its compensations and its ways back', () => {
    const { nodes, edges } = graphOf(storeSaga);
    expect(nodes.filter(({ isPivot }) => isPivot).map(({ id }) => id)).toEqual(['OrderConfirmed']);
    expect(nodes.find(({ id }) => id === 'OrderCancelled')?.commands).toEqual(['CancelOrder']);
    expect(edges.filter(({ isBack }) => isBack).map(({ id }) => id)).toEqual([
      'StockReleased→OrderRejected',
      'StockReleased→OrderCancelled',
      'StockReturned→OrderRejected',
      'StockReturned→OrderCancelled',
    ]);
    expect(edges.find(({ id }) => id === 'OrderCancelled→StockReleased')?.isCompensation).toBe(true);
  });

  it('takes a function more without being told its name', () => {
    const steps: Saga['steps'] = [
      ...storeSaga.steps.filter(({ on }) => on !== 'StockReserved'),
      { on: 'StockReserved', by: 'payment', emits: ['PaymentAuthorized'], kind: 'compensatable', undoneBy: [] },
      { on: 'PaymentAuthorized', by: 'order', emits: ['OrderConfirmed'], kind: 'pivot', undoneBy: [] },
    ];
    const graph = graphOf({ ...storeSaga, functions: ['order', 'inventory', 'payment', 'notification'], steps });
    expect(graph.lanes).toEqual(['order', 'inventory', 'payment', 'notification']);
    expect(graph.nodes.find(({ id }) => id === 'PaymentAuthorized')).toMatchObject({ lane: 'payment', column: 2 });
  });

  it('is empty for a saga of which nothing is known', () => {
    const saga: Saga = { functions: ['order'], topics: [], steps: [], transitions: [], commands: [] };
    expect(graphOf(saga)).toMatchObject({ nodes: [], edges: [], lanes: [] });
  });
});

describe('the map of the saga', () => {
  const widths = [956, 1_207, 1_208, 1_392, 2_512];

  it.each(widths)('has lanes of full width below each other, at least 96 px high, at %d px', (width) => {
    const { lanes, height, width: drawn } = layOut(graphOf(storeSaga), width);
    expect(drawn).toBe(width);
    expect(Math.min(...lanes.map((lane) => lane.height))).toBeGreaterThanOrEqual(LANE_MIN_HEIGHT);
    for (const [n, lane] of lanes.entries()) {
      const above = lanes[n - 1];
      if (above !== undefined) expect(lane.y).toBeGreaterThan(above.y + above.height);
    }
    expect(lanes.at(-1)).toMatchObject({ y: height - (lanes.at(-1)?.height ?? 0) });
  });

  it('has names on two lines where cards are narrow', () => {
    const linesAt = (width: number) =>
      layOut(graphOf(storeSaga), width).cards.find(({ node }) => node.id === 'ReservationRefused')?.lines;
    expect([linesAt(1_208), linesAt(956)]).toEqual([['ReservationRefused'], ['Reservation', 'Refused']]);
  });

  it.each(widths)('has each card inside its lane, and no two on each other, at %d px', (width) => {
    const { lanes, cards } = layOut(graphOf(storeSaga), width);
    for (const card of cards) {
      const lane = lanes.find(({ name }) => name === card.node.lane);
      expect(card.y).toBeGreaterThanOrEqual(lane?.y ?? Number.NaN);
      expect(card.y + card.height).toBeLessThanOrEqual((lane?.y ?? 0) + (lane?.height ?? 0));
      expect(card.x + card.width).toBeLessThanOrEqual(width);
      const hit = cards.filter(
        (other) =>
          other !== card &&
          Math.abs(other.x - card.x) < card.width &&
          Math.abs(other.y - card.y) < (other.height + card.height) / 2,
      );
      expect(hit).toEqual([]);
    }
  });

  it.each(widths)('leads each way from card to card, and through no other one, at %d px', (width) => {
    const { cards, ways } = layOut(graphOf(storeSaga), width);
    const through = ways.flatMap(({ edge, curve }) => {
      const others = cards.filter(({ node }) => node.id !== edge.from && node.id !== edge.to);
      const hit = others.find((card) =>
        Array.from({ length: 201 }, (_, n) => pointOn(curve, n / 200)).some(
          ({ x, y }) => x > card.x && x < card.x + card.width && y > card.y && y < card.y + card.height,
        ),
      );
      return hit === undefined ? [] : [`${edge.id} through ${hit.node.id}`];
    });
    expect(through).toEqual([]);
    expect(ways).toHaveLength(graphOf(storeSaga).edges.filter(({ isBack }) => !isBack).length);
  });
});

describe('a way', () => {
  const curve = curveThrough([
    { x: 0, y: 0 },
    { x: 40, y: 30 },
    { x: 60, y: 30 },
  ]);

  it('begins and ends where it is to, and goes through its stops', () => {
    expect([pointOn(curve, 0), pointOn(curve, 1)]).toEqual([
      { x: 0, y: 0 },
      { x: 60, y: 30 },
    ]);
    expect(curve.d).toBe('M0 0C20 0 20 30 40 30H60');
    expect(curve.length).toBeGreaterThan(70);
  });

  it('is gone at one speed', () => {
    const steps = Array.from({ length: 10 }, (_, n) => {
      const [a, b] = [pointOn(curve, n / 10), pointOn(curve, (n + 1) / 10)];
      return Math.hypot(b.x - a.x, b.y - a.y);
    });
    expect(Math.max(...steps) - Math.min(...steps)).toBeLessThan(0.5);
  });

  it('that has no stops is nowhere', () => {
    expect(pointOn(curveThrough([]), 0.5)).toEqual({ x: 0, y: 0 });
  });
});
