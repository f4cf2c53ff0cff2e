/** The statuses of a saga as a diagram: which of them it went through, where it is, and where it can go from there. */
import type { Saga, TraceStep } from './causal-order.ts';

export interface StateBox {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly look: 'current' | 'passed' | 'possible' | 'other';
}

export interface StateEdge {
  readonly id: string;
  readonly event: string;
  readonly path: string;
  readonly arrow: string;
  readonly look: 'travelled' | 'possible' | 'other';
  /** The step that made the change, and where its time is written; null where it was not travelled. */
  readonly step: { readonly id: string; readonly atMs: number | null; readonly x: number; readonly y: number } | null;
}

export interface States {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly StateBox[];
  readonly edges: readonly StateEdge[];
}

export const STATE = { width: 108, height: 34 } as const;
const MARGIN = 26;
/** Where there is little room the good way goes down, and not to the right. */
const PITCHES = { wide: { x: 168, y: 96 }, narrow: { x: 152, y: 84 } } as const;
const ARROW = 7;
const LABEL_AT = 0.62;
const LABEL_ROOM = 90;
const LABEL_ASIDE = 46;
const LABEL_ABOVE = 27;

/** Six statuses are known, and drawn so that no line crosses a box: the way of a good order is the middle row. */
const PLACES: Readonly<Record<string, readonly [column: number, row: number]>> = {
  placed: [0, 1],
  confirmed: [2, 1],
  dispatched: [3, 1],
  backordered: [1, 2],
  rejected: [0, 2],
  cancelled: [2, 0],
};

/** `status` is the one now; the steps say how it came there. */
export function statesOf(
  saga: Saga,
  steps: readonly TraceStep[],
  status: string,
  { isNarrow = false }: { readonly isNarrow?: boolean } = {},
): States {
  const names = [...new Set(saga.transitions.flatMap(({ from, to }) => (from === null ? [to] : [from, to])))];
  const unknown = names.filter((name) => PLACES[name] === undefined);
  const placeOf = (name: string): readonly [number, number] => PLACES[name] ?? [unknown.indexOf(name), 3];
  const pitch = isNarrow ? PITCHES.narrow : PITCHES.wide;
  const rows = unknown.length > 0 ? 3 : 2;
  const [lastColumn, lastRow] = isNarrow ? [rows, 3] : [3, rows];
  const corner = (name: string) => {
    const [along, across] = placeOf(name);
    const [column, row] = isNarrow ? [across, along] : [along, across];
    return { x: MARGIN + column * pitch.x, y: MARGIN + row * pitch.y };
  };
  const travelled = travelOf(saga, steps);
  const passed = new Set([...travelled.keys()].map((key) => key.split(' ')[1]));
  const possible = new Set(saga.transitions.filter(({ from }) => from === status).map(({ to }) => to));
  const lookOf = (name: string): StateBox['look'] => {
    if (name === status) return 'current';
    if (passed.has(name)) return 'passed';
    return possible.has(name) ? 'possible' : 'other';
  };
  return {
    width: 2 * MARGIN + lastColumn * pitch.x + STATE.width,
    height: 2 * MARGIN + lastRow * pitch.y + STATE.height,
    boxes: names.map((name) => ({ name, ...corner(name), look: lookOf(name) })),
    edges: saga.transitions.map(({ from, event, to }) => {
      const step = travelled.get(keyOf(from, to)) ?? null;
      const line = lineBetween(from === null ? null : corner(from), corner(to), isNarrow);
      const place = { id: step?.id ?? '', atMs: step?.atMs ?? null, x: line.labelX, y: line.labelY };
      const { path, arrow } = line;
      return {
        id: keyOf(from, to),
        event,
        path,
        arrow,
        look: step !== null ? 'travelled' : from === status ? 'possible' : 'other',
        step: step === null ? null : place,
      };
    }),
  };
}

function keyOf(from: string | null, to: string): string {
  return `${from ?? '-'} ${to}`;
}

/** The changes that the steps made, in their order, by the change. */
function travelOf({ transitions, steps: moves }: Saga, steps: readonly TraceStep[]): ReadonlyMap<string, TraceStep> {
  const owners = new Set(
    moves.filter(({ emits }) => transitions.some(({ event }) => emits.includes(event))).map(({ by }) => by),
  );
  const travelled = new Map<string, TraceStep>();
  let at: string | null = null;
  for (const step of steps) {
    if (step.kind !== 'event' || !owners.has(step.lane)) continue;
    const change = transitions.find(({ from, event }) => from === at && event === step.type);
    if (change === undefined) continue;
    travelled.set(keyOf(at, change.to), step);
    at = change.to;
  }
  return travelled;
}

interface Corner {
  readonly x: number;
  readonly y: number;
}

/** A straight line between the near edges of two boxes; the first status has a short one from where the way begins. */
function lineBetween(from: Corner | null, to: Corner, isNarrow: boolean) {
  const target = middle(to);
  if (from === null) {
    return isNarrow
      ? straight({ x: target.x, y: 4 }, { x: target.x, y: to.y })
      : straight({ x: 4, y: target.y }, { x: to.x, y: target.y });
  }
  const source = middle(from);
  return straight(edgePoint(source, target), edgePoint(target, source));
}

function straight(start: Corner, end: Corner) {
  const length = Math.hypot(end.x - start.x, end.y - start.y) || 1;
  const unit = { x: (end.x - start.x) / length, y: (end.y - start.y) / length };
  const back = { x: end.x - unit.x * ARROW, y: end.y - unit.y * ARROW };
  const side = { x: -unit.y * 4, y: unit.x * 4 };
  const at = ({ x, y }: Corner) => `${round(x)} ${round(y)}`;
  return {
    path: `M${at(start)}L${at(back)}`,
    arrow:
      `M${at({ x: back.x + side.x, y: back.y + side.y })}L${at(end)}` +
      `L${at({ x: back.x - side.x, y: back.y - side.y })}Z`,
    // Nearer to the target than the crossing in the middle of the diagram; beside a line that has no room for it.
    labelX: round(start.x + (end.x - start.x) * LABEL_AT + (start.x === end.x ? LABEL_ASIDE : 0)),
    labelY: round(
      start.y + (end.y - start.y) * LABEL_AT - (start.y === end.y && length < LABEL_ROOM ? LABEL_ABOVE : 0),
    ),
  };
}

function middle({ x, y }: Corner): Corner {
  return { x: x + STATE.width / 2, y: y + STATE.height / 2 };
}

/** Where the line from the middle of a box towards a point leaves it. */
function edgePoint(from: Corner, towards: Corner): Corner {
  const dx = towards.x - from.x;
  const dy = towards.y - from.y;
  const part = Math.min(
    dx === 0 ? Number.POSITIVE_INFINITY : STATE.width / 2 / Math.abs(dx),
    dy === 0 ? Number.POSITIVE_INFINITY : STATE.height / 2 / Math.abs(dy),
  );
  return { x: from.x + dx * part, y: from.y + dy * part };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
