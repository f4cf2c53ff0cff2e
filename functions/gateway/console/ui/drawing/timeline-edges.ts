/** The lines of a timeline: from each step to what answers it. */
import type { TraceStep } from './causal-order.ts';
import { durationText } from './durations.ts';
import type { Ghost, OpenWait } from './what-follows.ts';

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A line with an arrow at its end. `to` names what it leads to; that is also what a click on it selects. */
export interface Edge {
  readonly id: string;
  readonly to: string;
  readonly kind: TraceStep['relation'] | 'notice' | 'ahead';
  readonly path: string;
  readonly arrow: string;
  /** How long it took, where the axis does not say it; null elsewhere. */
  readonly label: { readonly x: number; readonly y: number; readonly text: string } | null;
}

interface Band {
  readonly name: string;
  readonly y: number;
  readonly height: number;
}

interface Parts {
  readonly steps: readonly { readonly item: TraceStep; readonly box: Box }[];
  readonly ghosts: readonly { readonly item: Ghost; readonly box: Box }[];
  readonly waits: readonly { readonly item: OpenWait; readonly box: Box }[];
}

const RADIUS = 8;
const ARROW = 6;
/** How far a line that passes other columns keeps from them. */
const CLEARANCE = 14;
/** How far from the border of its lane a passing line runs, so that two lines of neighbours do not become one. */
const TRACK = 9;

export function edgesOf(
  { steps, ghosts, waits }: Parts,
  { bands, byClock }: { readonly bands: readonly Band[]; readonly byClock: boolean },
): readonly Edge[] {
  const boxes = new Map([...steps, ...ghosts, ...waits].map(({ item, box }) => [item.id, box]));
  const stepOf = new Map(steps.map(({ item }) => [item.id, item]));
  const between = (cause: string, to: Pick<TraceStep, 'id' | 'lane'>, box: Box, kind: Edge['kind']) => {
    const from = boxes.get(cause);
    if (from === undefined) return [];
    const hasRoom = !byClock || box.x >= from.x + from.width + 2 * CLEARANCE;
    const straight = kind === 'notice' ? dropped(from, box) : routed(from, box, to.lane, bands);
    const shape = hasRoom ? straight : steep(from, box);
    return [{ id: `${cause} ${to.id}`, to: to.id, kind, ...shape }];
  };
  return [
    ...steps.flatMap(({ item, box }) =>
      item.causes.flatMap((cause) =>
        between(cause, item, box, item.kind === 'notice' ? 'notice' : item.relation).map((edge) => ({
          ...edge,
          label: labelOf(stepOf.get(cause), item, edge.path, boxes.get(cause), box),
        })),
      ),
    ),
    ...[...waits, ...ghosts].flatMap(({ item, box }) =>
      item.cause === null ? [] : between(item.cause, item, box, 'ahead').map((edge) => ({ ...edge, label: null })),
    ),
  ];
}

/** Steps in neighbouring columns have their distance on the axis. */
function labelOf(
  cause: TraceStep | undefined,
  step: TraceStep,
  path: string,
  from: Box | undefined,
  to: Box,
): Edge['label'] {
  const atMs = step.atMs;
  if (cause === undefined || from === undefined || cause.atMs === null || atMs === null) return null;
  if (step.kind === 'notice' || step.column - cause.column <= 1 || path === '') return null;
  const distance = atMs - cause.atMs;
  const text = distance < 0 ? 'clocks differ' : durationText(distance);
  return { x: to.x - CLEARANCE - 4, y: Math.min(from.y, to.y) + to.height / 2, text };
}

type Shape = Pick<Edge, 'path' | 'arrow'>;

/** From the right edge of the cause to the left edge of its effect; past other columns along the border of the lane. */
function routed(from: Box, to: Box, lane: string, bands: readonly Band[]): Shape {
  const start = { x: from.x + from.width, y: from.y + from.height / 2 };
  const end = { x: to.x, y: to.y + to.height / 2 };
  const tip = end.x - ARROW;
  const isNear = end.x - start.x < from.width;
  if (Math.abs(start.y - end.y) < 1 && isNear) return { path: `M${start.x} ${start.y}H${tip}`, arrow: arrowAt(end) };
  if (isNear) {
    const bend = (tip - start.x) / 2;
    return {
      path: `M${start.x} ${start.y}C${start.x + bend} ${start.y} ${tip - bend} ${end.y} ${tip} ${end.y}`,
      arrow: arrowAt(end),
    };
  }
  const band = bands.find(({ name }) => name === lane);
  const isBelow = end.y > start.y;
  const track = band === undefined ? end.y : isBelow ? band.y + TRACK : band.y + band.height - TRACK;
  const points = [
    start,
    { x: start.x + CLEARANCE, y: start.y },
    { x: start.x + CLEARANCE, y: track },
    { x: end.x - 2 * CLEARANCE, y: track },
    { x: end.x - 2 * CLEARANCE, y: end.y },
    { x: tip, y: end.y },
  ];
  return { path: rounded(points), arrow: arrowAt(end) };
}

/** From the lower edge of the cause down to the lane of its notices, and along it. */
function dropped(from: Box, to: Box): Shape {
  const x = from.x + from.width - 20;
  const end = { x: to.x, y: to.y + to.height / 2 };
  const points = [
    { x, y: from.y + from.height },
    { x, y: end.y },
    { x: end.x - ARROW, y: end.y },
  ];
  return { path: rounded(points), arrow: arrowAt(end) };
}

/** Between cards that may stand above each other: out of the near edge of one into the near edge of the other. */
function steep(from: Box, to: Box): Shape {
  const isSame = Math.abs(from.y + from.height / 2 - (to.y + to.height / 2)) < 1;
  if (isSame) {
    const y = from.y + from.height / 2;
    return { path: `M${from.x + from.width} ${y}H${to.x - ARROW}`, arrow: arrowAt({ x: to.x, y }) };
  }
  const isBelow = to.y > from.y;
  const start = { x: from.x + from.width / 2, y: isBelow ? from.y + from.height : from.y };
  const end = { x: to.x + to.width / 2, y: isBelow ? to.y : to.y + to.height };
  const tip = end.y + (isBelow ? -ARROW : ARROW);
  const bend = (tip - start.y) / 2;
  return {
    path: `M${start.x} ${start.y}C${start.x} ${start.y + bend} ${end.x} ${tip - bend} ${end.x} ${tip}`,
    arrow: `M${end.x - 4} ${tip}L${end.x} ${end.y}L${end.x + 4} ${tip}Z`,
  };
}

interface Point {
  readonly x: number;
  readonly y: number;
}

function arrowAt({ x, y }: Point): string {
  return `M${x - ARROW - 1} ${y - 4}L${x} ${y}L${x - ARROW - 1} ${y + 4}Z`;
}

/** A line through these points whose corners are round. */
function rounded(points: readonly Point[]): string {
  const [first, ...others] = points;
  if (first === undefined) return '';
  let path = `M${first.x} ${first.y}`;
  let before = first;
  for (const [index, point] of others.entries()) {
    const after = others[index + 1];
    if (after === undefined) {
      path += `L${point.x} ${point.y}`;
      continue;
    }
    const into = towards(point, before);
    const out = towards(point, after);
    path += `L${into.x} ${into.y}Q${point.x} ${point.y} ${out.x} ${out.y}`;
    before = point;
  }
  return path;
}

/** The point {@link RADIUS} away from `from` in the direction of `to`, at most half of the way. */
function towards(from: Point, to: Point): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const part = length === 0 ? 0 : Math.min(RADIUS, length / 2) / length;
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
}
