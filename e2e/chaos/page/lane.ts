/** The lane of one function: its states, the faults injected into it, and its compensations. */
import { type FaultPeriod, type FlightRecord, type Injection, type PartState, spansOf } from '../flight-record.ts';
import type { FaultKind, Target } from '../plan.ts';
import type { Compensation } from './compensations.ts';
import { byPixel, type Scale } from './scale.ts';
import { element, text, title } from './svg.ts';

export const LANE_HEIGHT = 66;
const BAR = { y: 22, height: 16 };
const FAULT = { y: 39, height: 5 };
const TICK = { y: 47, height: 14 };
const TICK_PIXELS = 2;
/** A tick for this many items has the full height. */
const TICK_FULL = 8;
const LABEL_PIXELS_MIN = 44;

const stateTexts: Readonly<Record<PartState, string>> = {
  up: 'up',
  starting: 'starting',
  frozen: 'frozen (SIGSTOP)',
  stopping: 'stopping (SIGTERM)',
  down: 'down',
};

export const faultNames: Readonly<Record<FaultKind, string>> = {
  kill: 'kill -9',
  freeze: 'freeze',
  stop: 'SIGTERM',
  full: 'disk full',
  clock: 'clock shift',
  poison: 'some orders fail',
  disk: 'disk errors',
};

/** Client attempts that failed and are retried. */
export interface Retry {
  readonly atMs: number;
  readonly count: number;
}

export interface LaneData {
  readonly target: Target;
  readonly record: FlightRecord;
  readonly compensations: readonly Compensation[];
  /** Only for the gateway, which clients call. */
  readonly retries: readonly Retry[];
}

export function laneOf({ target, record, compensations, retries }: LaneData, scale: Scale): string {
  const injections = record.injections.filter(({ fault }) => fault.target === target);
  return [
    element('rect', { class: 'bed', x: 0, y: BAR.y, width: scale.x(scale.endMs), height: BAR.height, rx: 3 }),
    ...spansOf(record.changes, target, scale.endMs)
      .filter(({ state }) => state !== 'up')
      .map(({ state, fromMs, toMs }) => bar(state, stateTexts[state], fromMs, toMs, scale)),
    ...record.faultPeriods.filter((period) => period.target === target).map((period) => faultBar(period, scale)),
    parkedArea(record, target, scale),
    ...compensationTicks(compensations, scale),
    ...retryTicks(retries, scale),
    ...injections.map((injection) => injectionMark(injection, scale)),
  ].join('');
}

function bar(state: PartState, name: string, fromMs: number, toMs: number, { x }: Scale): string {
  const width = Math.max(1.5, x(toMs) - x(fromMs));
  const label = `${name} from ${secondsText(fromMs)} for ${secondsText(toMs - fromMs)}`;
  const rect = element('rect', { x: x(fromMs), y: BAR.y, width, height: BAR.height, rx: 2 }, title(label));
  const isLabelled = width >= LABEL_PIXELS_MIN;
  const caption = isLabelled ? text(x(fromMs) + 4, BAR.y + 12, state, { class: 'on-bar' }) : '';
  return element('g', { class: `state ${state}` }, rect, caption);
}

function faultBar({ kind, fromMs, toMs, shiftMs }: FaultPeriod, { x, endMs }: Scale): string {
  const end = toMs ?? endMs;
  const what = {
    full: 'full disk',
    clock: `clock ${(shiftMs / 1_000).toFixed(0)} s off`,
    poison: 'messages about some orders fail',
    disk: 'disk errors',
  }[kind];
  const label = `${what} from ${secondsText(fromMs)} for ${secondsText(end - fromMs)}`;
  const width = Math.max(1.5, x(end) - x(fromMs));
  const place = { x: x(fromMs), y: FAULT.y, width, height: FAULT.height, rx: 2 };
  return element('rect', { class: `fault ${kind}`, ...place }, title(label));
}

function injectionMark({ fault, atMs, outcome }: Injection, { x }: Scale): string {
  const what = `${faultNames[fault.kind]} at ${secondsText(atMs)}`;
  const label = outcome === 'injected' ? what : `${what}: ${outcome}`;
  const place = { href: `#mark-${fault.kind}`, x: x(atMs) - 6, y: 6, width: 12, height: 12 };
  return element('g', { class: `injection ${fault.kind} ${outcome}` }, element('use', place), title(label));
}

function compensationTicks(compensations: readonly Compensation[], scale: Scale): readonly string[] {
  return byPixel(compensations, scale, TICK_PIXELS).map(({ x, items }) => {
    const counts = new Map<string, number>();
    for (const { what } of items) counts.set(what, (counts.get(what) ?? 0) + 1);
    const label = [...counts].map(([what, count]) => `${count} ${what}`).join(', ');
    return tick('compensation', x, items.length, `${label} at ${secondsText(items[0]?.atMs ?? 0)}`);
  });
}

function retryTicks(retries: readonly Retry[], scale: Scale): readonly string[] {
  return byPixel(retries, scale, TICK_PIXELS).map(({ x, items }) => {
    const count = items.reduce((sum, retry) => sum + retry.count, 0);
    return tick('retry', x, count, `${count} attempts failed at ${secondsText(items[0]?.atMs ?? 0)}`);
  });
}

function tick(kind: string, x: number, count: number, label: string): string {
  const height = TICK.height * Math.min(1, 0.35 + (0.65 * count) / TICK_FULL);
  const place = { x, y: TICK.y + TICK.height - height, width: TICK_PIXELS - 0.4, height };
  return element('rect', { class: kind, ...place }, title(label));
}

/** Parked messages in the retry queue; empty when the function reports none. */
function parkedArea({ samples }: FlightRecord, target: Target, { x }: Scale): string {
  const points = samples.map(({ atMs, parked }) => ({ atMs, count: parked[target] ?? 0 }));
  const most = points.reduce((max, { count }) => Math.max(max, count), 0);
  if (most === 0) return '';
  const bottom = TICK.y + TICK.height;
  const path = points.map(({ atMs, count }) => `L${x(atMs).toFixed(1)},${bottom - (count / most) * TICK.height}`);
  return element(
    'path',
    { class: 'parked', d: `M0,${bottom}${path.join('')}V${bottom}Z` },
    title(`messages in the retry queue, at most ${most}`),
  );
}

export function secondsText(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`;
}
