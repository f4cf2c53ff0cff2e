/** Where everything of a timeline stands, in pixels: lanes from top to bottom, columns from left to right. */
import { EPISODE_MS, type TraceStep } from './causal-order.ts';
import { distancesOf } from './distances.ts';
import { durationText } from './durations.ts';
import { type AxisGap, type ClockScale, clockScaleOf, fitted, POINT } from './timeline-clock.ts';
import { type Box, type Edge, edgesOf } from './timeline-edges.ts';
import type { Ahead, Ghost, OpenWait } from './what-follows.ts';

export const CARD = { width: 146, height: 48 } as const;
export const AXIS_HEIGHT = 34;
const LANE_HEIGHT = 86;
/** The names of the lanes stand beside the drawing, where they stay while it scrolls. */
const LEFT = 14;
const GAP = 42;
/** Where a little room is missing, columns move so close; lines that pass a column still keep clear of it. */
const GAP_MIN = 30;
const RIGHT = 16;
/** A pause is drawn wider, with the break in it. */
const BREAK_GAP = 72;
const GHOST_LINE = 16;
const GHOST_PADDING = 14;
/** Lines of a ghost; more are counted. */
export const GHOST_LINES_MAX = 4;

export interface Placed<Item> {
  readonly item: Item;
  readonly box: Box;
}

export interface LaneBand {
  readonly name: string;
  readonly y: number;
  readonly height: number;
}

export interface Timeline {
  readonly width: number;
  readonly height: number;
  readonly lanes: readonly LaneBand[];
  readonly steps: readonly Placed<TraceStep>[];
  readonly ghosts: readonly Placed<Ghost>[];
  readonly waits: readonly Placed<OpenWait>[];
  readonly edges: readonly Edge[];
  readonly gaps: readonly AxisGap[];
  /** With a scale of time: from the time of each card on the axis to the card. */
  readonly leaders: readonly { readonly id: string; readonly atX: number; readonly x: number; readonly y: number }[];
}

/**
 * Lays out a timeline. With `byClock` cards stand where their times are, as far as they have room; pauses stay short.
 * `room`: the width that is there, in pixels; a drawing that is a little wider moves closer together to fit.
 */
export function timelineOf(
  { steps, lanes }: { readonly steps: readonly TraceStep[]; readonly lanes: readonly string[] },
  ahead: Ahead,
  { byClock, room }: { readonly byClock: boolean; readonly room: number },
): Timeline {
  const inColumns = columnPlaces(columnDistances(steps), lastColumn(steps, ahead), room);
  const columnsAhead = new Set([...ahead.waits, ...ahead.ghosts].map(({ column }) => column));
  const roomForClock = room - RIGHT - columnsAhead.size * (CARD.width + GAP);
  const scale = byClock
    ? clockScaleOf(steps, { left: LEFT, width: CARD.width, perStep: CARD.width + GAP, room: roomForClock })
    : null;
  const xOfStep = (step: TraceStep) => scale?.xOf(step.id) ?? inColumns.x(step.column);
  const firstAhead = Math.min(...[...ahead.waits, ...ahead.ghosts].map(({ column }) => column));
  const xAhead = (column: number) =>
    scale === null ? inColumns.x(column) : scale.right + GAP + (column - firstAhead) * (CARD.width + GAP);
  const bands = lanes.map((name, index) => ({ name, y: AXIS_HEIGHT + index * LANE_HEIGHT, height: LANE_HEIGHT }));
  const middle = (lane: string) => AXIS_HEIGHT + (lanes.indexOf(lane) + 0.5) * LANE_HEIGHT;
  const boxAt = (x: number, lane: string, height: number = CARD.height): Box => ({
    x,
    y: middle(lane) - height / 2,
    width: CARD.width,
    height,
  });
  const placed = {
    steps: steps.map((item) => ({ item, box: boxAt(xOfStep(item), item.lane) })),
    ghosts: ahead.ghosts.map((item) => ({ item, box: boxAt(xAhead(item.column), item.lane, ghostHeight(item)) })),
    waits: ahead.waits.map((item) => ({ item, box: boxAt(xAhead(item.column), item.lane) })),
  };
  const boxes = [...placed.steps, ...placed.ghosts, ...placed.waits].map(({ box }) => box);
  return {
    width: Math.max(...boxes.map(({ x, width }) => x + width), LEFT) + RIGHT,
    height: AXIS_HEIGHT + lanes.length * LANE_HEIGHT,
    lanes: bands,
    ...placed,
    edges: edgesOf(placed, { bands, byClock }),
    gaps: scale === null ? inColumns.gaps : scale.gaps,
    leaders: scale === null ? [] : leadersOf(placed.steps, scale),
  };
}

/** How far each column is from the one before it; by the earliest time in each. Notices come late and do not count. */
function columnDistances(steps: readonly TraceStep[]): ReadonlyMap<number, number | null> {
  const times = new Map<number, number | null>();
  for (const { column, atMs, kind } of steps) {
    if (kind === 'notice') continue;
    const known = times.get(column) ?? null;
    times.set(column, known === null || atMs === null ? (known ?? atMs) : Math.min(known, atMs));
  }
  const columns = [...times.keys()].toSorted((one, other) => one - other);
  const distances = distancesOf(columns.map((column) => times.get(column) ?? null));
  return new Map(columns.map((column, index) => [column, distances[index] ?? null]));
}

function columnPlaces(distances: ReadonlyMap<number, number | null>, last: number, room: number) {
  const isBreakAt = (column: number) => (distances.get(column) ?? 0) > EPISODE_MS;
  const columns = Array.from({ length: last + 1 }, (_, column) => column);
  const breaks = columns.filter((column) => column > 0 && isBreakAt(column)).length;
  const free = room - LEFT - RIGHT - columns.length * CARD.width - breaks * BREAK_GAP;
  const gap = fitted(GAP, GAP_MIN, free / Math.max(1, last - breaks));
  const xs: number[] = [];
  const gaps: AxisGap[] = [];
  let x = LEFT;
  for (const column of columns) {
    const distance = distances.get(column) ?? null;
    const isBreak = isBreakAt(column);
    const width = column === 0 ? 0 : isBreak ? BREAK_GAP : gap;
    if (distance !== null) gaps.push({ x, width, isBreak, ...labelOf(distance) });
    xs.push(x + width);
    x += width + CARD.width;
  }
  return { x: (column: number) => xs[column] ?? x, gaps };
}

/** What a distance says: of time that runs backwards only that clocks differ. */
export function labelOf(distanceMs: number): { readonly text: string; readonly isBackwards: boolean } {
  const isBackwards = distanceMs < 0;
  return { text: isBackwards ? 'clocks differ' : durationText(distanceMs), isBackwards };
}

function leadersOf(steps: readonly Placed<TraceStep>[], scale: ClockScale) {
  return steps.flatMap(({ item, box }) => {
    const atX = scale.timeX(item.id);
    return atX === null
      ? []
      : [{ id: item.id, atX, x: Math.max(box.x + POINT, Math.min(atX, box.x + box.width - POINT)), y: box.y }];
  });
}

/** How high a ghost is: a line for each thing that may come. */
export function ghostHeight({ types }: Ghost): number {
  return Math.min(types.length, GHOST_LINES_MAX) * GHOST_LINE + GHOST_PADDING;
}

/** How long the bar of an open wait is after so many milliseconds: it grows tenfold times by equal steps, up to a card. */
export function waitWidth(elapsedMs: number): number {
  const seconds = Math.max(0, elapsedMs) / 1_000;
  return Math.min(CARD.width, 44 + 21 * Math.log10(1 + seconds));
}

function lastOf(steps: readonly TraceStep[]): number {
  return Math.max(-1, ...steps.map(({ column }) => column));
}

function lastColumn(steps: readonly TraceStep[], { waits, ghosts }: Ahead): number {
  return Math.max(lastOf(steps), ...[...waits, ...ghosts].map(({ column }) => column));
}
