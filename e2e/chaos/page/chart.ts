/** Charts over time: the answers to clients, the open orders, and the stock of each product. */
import { type AttemptOutcome, BUCKET_MS, type FlightRecord, type Sample } from '../flight-record.ts';
import { secondsText } from './lane.ts';
import type { Scale } from './scale.ts';
import { element, title } from './svg.ts';

export const CHART_HEIGHT = 64;
const TOP = 8;
const PLOT = CHART_HEIGHT - TOP - 6;
const BOTTOM = TOP + PLOT;
const BAR_PIXELS = 4;

/** The layers of a bar, from the bottom up. */
const layers: readonly (readonly [name: string, outcomes: readonly AttemptOutcome[]])[] = [
  ['acknowledged', ['acknowledged']],
  ['refused', ['refused', 'busy']],
  ['failed', ['unavailable', 'no room', 'away', 'lost', 'broken']],
];

/** The number of failed attempts in each interval. */
export function failuresOf({ attempts }: FlightRecord): readonly { readonly atMs: number; readonly count: number }[] {
  const failed = layers[2]?.[1] ?? [];
  return [...attempts].flatMap(([bucket, counts]) => {
    const count = failed.reduce((sum, outcome) => sum + (counts[outcome] ?? 0), 0);
    return count === 0 ? [] : [{ atMs: bucket * BUCKET_MS, count }];
  });
}

/** Stacked bars of the outcomes of client attempts. */
export function attemptsChart(record: FlightRecord, scale: Scale): string {
  const buckets = Math.ceil(BAR_PIXELS / Math.max(0.001, scale.x(BUCKET_MS)));
  const bars = barsOf(record, buckets);
  const most = bars.reduce((max, { counts }) => Math.max(max, sumOf(counts)), 1);
  const width = Math.max(1, scale.x(buckets * BUCKET_MS) - 1);
  const drawn = bars.map(({ atMs, counts }) => {
    let bottom = BOTTOM;
    const rects = layers.map(([name], layer) => {
      const height = ((counts[layer] ?? 0) / most) * PLOT;
      bottom -= height;
      return height === 0 ? '' : element('rect', { class: name, x: scale.x(atMs), y: bottom, width, height });
    });
    const label = layers.map(([name], layer) => `${counts[layer] ?? 0} ${name}`).join(', ');
    return element('g', {}, title(`${label} at ${secondsText(atMs)}`), ...rects);
  });
  return drawn.join('') + base(scale);
}

/** Attempts by layer; each bar sums `buckets` intervals. */
function barsOf({ attempts }: FlightRecord, buckets: number) {
  const bars = new Map<number, number[]>();
  for (const [bucket, counts] of attempts) {
    const place = Math.floor(bucket / buckets);
    const bar = bars.get(place) ?? layers.map(() => 0);
    for (const [layer, [, outcomes]] of layers.entries()) {
      bar[layer] = (bar[layer] ?? 0) + sumOf(outcomes.map((outcome) => counts[outcome] ?? 0));
    }
    bars.set(place, bar);
  }
  return [...bars].map(([place, counts]) => ({ atMs: place * buckets * BUCKET_MS, counts }));
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Orders without an outcome. */
export function openOrdersChart({ samples }: FlightRecord, scale: Scale): string {
  const most = Math.max(1, mostOpen(samples));
  return [
    area('open', samples, (sample) => (open(sample) + waiting(sample)) / most, scale),
    area('waiting', samples, (sample) => waiting(sample) / most, scale),
    base(scale),
  ].join('');
}

/** The quantity of a product on hand, and how much of it was reserved. */
export function stockChart({ samples }: FlightRecord, productId: string, scale: Scale): string {
  const most = Math.max(1, mostOf(samples, productId));
  return [
    area('on-hand', samples, (sample) => (sample.levels[productId]?.onHand ?? 0) / most, scale),
    area('reserved', samples, (sample) => (sample.levels[productId]?.reserved ?? 0) / most, scale),
    base(scale),
  ].join('');
}

/** The highest quantity of a product on hand. */
export function mostOf(samples: readonly Sample[], productId: string): number {
  return samples.reduce((max, { levels }) => Math.max(max, levels[productId]?.onHand ?? 0), 0);
}

/** The highest number of orders that were open or waited for goods at one time. */
export function mostOpen(samples: readonly Sample[]): number {
  return samples.reduce((max, sample) => Math.max(max, open(sample) + waiting(sample)), 0);
}

function open({ orders }: Sample): number {
  return orders['placed'] ?? 0;
}

function waiting({ orders }: Sample): number {
  return orders['backordered'] ?? 0;
}

/** A step chart: a level stays the same until it changes. */
function area(name: string, samples: readonly Sample[], share: (sample: Sample) => number, { x }: Scale): string {
  const [first] = samples;
  if (first === undefined) return '';
  const y = (sample: Sample) => (BOTTOM - share(sample) * PLOT).toFixed(1);
  const steps = samples.map((sample) => `H${x(sample.atMs).toFixed(1)}V${y(sample)}`).join('');
  const line = `M${x(first.atMs).toFixed(1)},${y(first)}${steps}`;
  const end = x(samples.at(-1)?.atMs ?? 0).toFixed(1);
  return (
    element('path', { class: `area ${name}`, d: `${line}H${end}V${BOTTOM}H${x(first.atMs).toFixed(1)}Z` }) +
    element('path', { class: `line ${name}`, d: line })
  );
}

function base({ x, endMs }: Scale): string {
  return element('line', { class: 'base', x1: 0, x2: x(endMs), y1: BOTTOM, y2: BOTTOM });
}
