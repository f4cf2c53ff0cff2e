/** The other scale of a timeline: by time, in equal pixels per millisecond, with its pauses cut short. */
import { EPISODE_MS, type TraceStep } from './causal-order.ts';
import { durationText } from './durations.ts';

/** The distance between two columns, or two moments. `isBreak`: a pause that is drawn shorter than it was. */
export interface AxisGap {
  readonly x: number;
  readonly width: number;
  readonly text: string;
  readonly isBreak: boolean;
  readonly isBackwards: boolean;
}

export interface ClockScale {
  /** Where the last card ends. */
  readonly right: number;
  /** Where the card of a step begins: at its time, or behind the card before it in its lane. */
  xOf(id: string): number | undefined;
  /** Where its time is; null where it has none. */
  timeX(id: string): number | null;
  readonly gaps: readonly AxisGap[];
}

/** A card points to its time with this place of its upper edge, from its left. */
export const POINT = 10;
/** Pixels of a pause, and of the shortest distance on the axis that has a label. */
const PAUSE_WIDTH = 72;
const LABEL_WIDTH_MIN = 44;
const CARD_DISTANCE = 10;
/** So much of its width is enough for the axis. */
const ENOUGH = 0.7;

/** Where a moment is on the axis, and how far from the one before. */
interface Moment {
  readonly atMs: number;
  readonly x: number;
}

/**
 * `left`: where time begins; `width`: of a card; `perStep`: how many pixels the axis has for each step, or less where the last card
 * ends in `room` then.
 */
export function clockScaleOf(
  steps: readonly TraceStep[],
  {
    left,
    width,
    perStep,
    room,
  }: { readonly left: number; readonly width: number; readonly perStep: number; readonly room: number },
): ClockScale {
  const timed = steps.flatMap(({ id, atMs }) => (atMs === null ? [] : [{ id, atMs }]));
  const times = [...new Set(timed.map(({ atMs }) => atMs))].toSorted((one, other) => one - other);
  const wanted = Math.max(1, timed.length) * perStep;
  const pauses = differencesOf(times).filter((distance) => distance > EPISODE_MS).length * PAUSE_WIDTH;
  const axis = fitted(wanted, wanted * ENOUGH, room - left - width - pauses);
  const { moments, gaps } = momentsOf(times, left + POINT, axis);
  const byTime = new Map(moments.map(({ atMs, x }) => [atMs, x]));
  const timeXs = new Map(timed.map(({ id, atMs }) => [id, byTime.get(atMs) ?? left + POINT]));

  const xs = new Map<string, number>();
  const freeFrom = new Map<string, number>();
  for (const step of steps) {
    const time = timeXs.get(step.id) ?? effectX(step, steps, timeXs) ?? left;
    const x = Math.max(left, time - POINT, freeFrom.get(step.lane) ?? left);
    xs.set(step.id, x);
    freeFrom.set(step.lane, x + width + CARD_DISTANCE);
  }
  const right = Math.max(left, ...[...xs.values()].map((x) => x + width));
  return { right, xOf: (id) => xs.get(id), timeX: (id) => timeXs.get(id) ?? null, gaps };
}

/** A step whose time is not stored stands at the time of what it led to. */
function effectX(step: TraceStep, steps: readonly TraceStep[], xs: ReadonlyMap<string, number>): number | undefined {
  const effect = steps.find(({ causes }) => causes.includes(step.id));
  return effect === undefined ? undefined : xs.get(effect.id);
}

/** A wanted size, or a smaller one that fits, down to `least`; what does not fit at all is scrolled anyway. */
export function fitted(wanted: number, least: number, room: number): number {
  return room < least ? wanted : Math.min(wanted, room);
}

function differencesOf(times: readonly number[]): readonly number[] {
  return times.slice(1).map((atMs, index) => atMs - (times[index] ?? atMs));
}

function momentsOf(
  times: readonly number[],
  left: number,
  width: number,
): { readonly moments: readonly Moment[]; readonly gaps: readonly AxisGap[] } {
  const distances = differencesOf(times);
  const moving = distances.filter((distance) => distance <= EPISODE_MS).reduce((sum, distance) => sum + distance, 0);
  const pixelsPerMs = width / Math.max(1, moving);
  const moments: Moment[] = [];
  const gaps: AxisGap[] = [];
  let x = left;
  for (const [index, atMs] of times.entries()) {
    const distance = index === 0 ? 0 : (distances[index - 1] ?? 0);
    const isBreak = distance > EPISODE_MS;
    const length = isBreak ? PAUSE_WIDTH : distance * pixelsPerMs;
    if (isBreak || length >= LABEL_WIDTH_MIN) {
      gaps.push({ x, width: length, text: durationText(distance), isBreak, isBackwards: false });
    }
    x += length;
    moments.push({ atMs, x });
  }
  return { moments, gaps };
}
