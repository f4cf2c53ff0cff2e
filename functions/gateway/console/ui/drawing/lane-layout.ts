/** Where the lanes, cards and ways of the saga map lie, in CSS pixels. */
import { type Curve, curveThrough, type Point } from './curve.ts';
import type { GraphEdge, GraphNode, SagaGraph } from './saga-graph.ts';

export interface LaneBox {
  readonly name: string;
  readonly y: number;
  readonly height: number;
}

export interface CardBox {
  readonly node: GraphNode;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** The name, on one line or on two. */
  readonly lines: readonly string[];
}

export interface WayBox {
  readonly edge: GraphEdge;
  readonly curve: Curve;
}

export interface MapLayout {
  readonly width: number;
  readonly height: number;
  readonly lanes: readonly LaneBox[];
  readonly cards: readonly CardBox[];
  /** Ways back are left out: they are taken after a restore alone, and would cross everything. */
  readonly ways: readonly WayBox[];
}

export const LANE_MIN_HEIGHT = 96;
const LANE_GAP = 8;
/** What stands left in a lane: its name and state. */
const NAME_WIDTH = 176;
const CARD_HEIGHT = 24;
/** Of cards that are too narrow for their names on one line. */
const TWO_LINES_HEIGHT = 40;
const CARD_MAX_WIDTH = 168;
const END_WIDTH = 60;
const GUTTER = 34;
const STACK_GAP = 5;
const STACK_PAD = 8;
/** A way that passes a column has a place of its own in it, between the cards. */
const PASS_HEIGHT = 4;
/** Below it names do not fit on one line. */
const ONE_LINE_MIN_WIDTH = 138;
/** Below it they do not fit on two. */
const CARD_MIN_WIDTH = 96;
/** Narrower cards have no room for a count beside the name. */
export const COUNT_MIN_WIDTH = 164;

interface Place {
  readonly id: string;
  readonly column: number;
  readonly lane: string;
  readonly height: number;
  /** The places one column before, or the cards further before. */
  readonly after: readonly string[];
}

export function layOut(graph: SagaGraph, wanted: number): MapLayout {
  const width = Math.max(wanted, NAME_WIDTH + graph.columns * (CARD_MIN_WIDTH + GUTTER));
  const forward = graph.edges.filter(({ isBack }) => !isBack);
  const columnWidth = (width - NAME_WIDTH) / Math.max(graph.columns, 1);
  const cardWidth = Math.min(CARD_MAX_WIDTH, columnWidth - GUTTER);
  const isOneLine = cardWidth >= ONE_LINE_MIN_WIDTH;
  const height = isOneLine ? CARD_HEIGHT : TWO_LINES_HEIGHT;
  const places = placesOf(graph, forward, height);
  const lanes = lanesOf(graph, places);
  const xOf = (column: number) => NAME_WIDTH + column * columnWidth;
  const middles = middlesOf(graph, places, lanes);
  const cards = graph.nodes.map((node): CardBox => {
    const y = (middles.get(node.id) ?? 0) - height / 2;
    const own = node.kind === 'end' ? Math.min(END_WIDTH, cardWidth) : cardWidth;
    return { node, x: xOf(node.column), y, width: own, height, lines: isOneLine ? [node.name] : linesOf(node.name) };
  });
  const cardOf = new Map(cards.map((card) => [card.node.id, card]));
  const ways = forward.flatMap((edge): readonly WayBox[] => {
    const from = cardOf.get(edge.from);
    const to = cardOf.get(edge.to);
    if (from === undefined || to === undefined) return [];
    const stops: Point[] = [{ x: from.x + from.width, y: from.y + height / 2 }];
    for (let column = from.node.column + 1; column < to.node.column; column += 1) {
      const y = middles.get(passId(edge, column)) ?? 0;
      stops.push({ x: xOf(column), y }, { x: xOf(column) + cardWidth, y });
    }
    stops.push({ x: to.x, y: to.y + height / 2 });
    return [{ edge, curve: curveThrough(stops) }];
  });
  const last = lanes.at(-1);
  return { width, height: last === undefined ? 0 : last.y + last.height, lanes, cards, ways };
}

/** `OrderConfirmed` as `Order` and `Confirmed`: two lines of which the longer is as short as it can be. */
function linesOf(name: string): readonly string[] {
  const words = name.split(/(?=\p{Lu})/u);
  const splits = words.map((_, at) =>
    [words.slice(0, at).join(''), words.slice(at).join('')].filter((line) => line !== ''),
  );
  const longest = (lines: readonly string[]) => Math.max(...lines.map((line) => line.length));
  return splits.reduce((best, lines) => (longest(lines) < longest(best) ? lines : best));
}

function passId(edge: GraphEdge, column: number): string {
  return `${edge.id} ${column}`;
}

/** The cards, and for each way that is longer than a column the places where it passes. */
function placesOf({ nodes }: SagaGraph, edges: readonly GraphEdge[], height: number): readonly Place[] {
  const nodeOf = new Map(nodes.map((node) => [node.id, node]));
  const count = (lane: string, column: number) =>
    nodes.filter((node) => node.lane === lane && node.column === column).length;
  const passes = edges.flatMap((edge): readonly Place[] => {
    const from = nodeOf.get(edge.from);
    const to = nodeOf.get(edge.to);
    if (from === undefined || to === undefined) return [];
    const columns = Array.from({ length: to.column - from.column - 1 }, (_, n) => from.column + 1 + n);
    const crowd = (lane: string) => columns.reduce((sum, column) => sum + count(lane, column), 0);
    const lane = crowd(from.lane) <= crowd(to.lane) ? from.lane : to.lane;
    return columns.map((column, n) => {
      const before = n === 0 ? from.id : passId(edge, column - 1);
      return { id: passId(edge, column), column, lane, height: PASS_HEIGHT, after: [before] };
    });
  });
  const cards = nodes.map(({ id, column, lane }): Place => {
    const after = edges
      .filter(({ to }) => to === id)
      .map((edge) => {
        const isLong = (nodeOf.get(edge.from)?.column ?? 0) < column - 1;
        return isLong ? passId(edge, column - 1) : edge.from;
      });
    return { id, column, lane, height, after };
  });
  return [...cards, ...passes];
}

function stackHeight(places: readonly Place[]): number {
  return places.reduce((sum, { height }) => sum + height, 0) + Math.max(places.length - 1, 0) * STACK_GAP;
}

/** Each lane is as high as its fullest column needs. */
function lanesOf({ lanes, columns }: SagaGraph, places: readonly Place[]): readonly LaneBox[] {
  let y = 0;
  return lanes.map((name) => {
    const stacks = Array.from({ length: columns }, (_, column) =>
      stackHeight(places.filter((place) => place.lane === name && place.column === column)),
    );
    const height = Math.max(LANE_MIN_HEIGHT, Math.max(...stacks) + 2 * STACK_PAD);
    const lane = { name, y, height };
    y += height + LANE_GAP;
    return lane;
  });
}

/** The height of the middle of each place. In a column, places lie in the order of what they come from, so that few ways cross. */
function middlesOf(graph: SagaGraph, places: readonly Place[], lanes: readonly LaneBox[]): ReadonlyMap<string, number> {
  const middles = new Map<string, number>();
  for (let column = 0; column < graph.columns; column += 1) {
    for (const lane of lanes) {
      const stack = places.filter((place) => place.lane === lane.name && place.column === column);
      const origin = ({ after }: Place) => {
        const known = after.flatMap((id) => middles.get(id) ?? []);
        return known.length === 0 ? lane.y : known.reduce((sum, y) => sum + y, 0) / known.length;
      };
      let y = lane.y + (lane.height - stackHeight(stack)) / 2;
      for (const { id, height } of stack.toSorted((a, b) => origin(a) - origin(b))) {
        middles.set(id, y + height / 2);
        y += height + STACK_GAP;
      }
    }
  }
  return middles;
}
