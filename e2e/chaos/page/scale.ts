/** The time scale of the page. All rows share it, so that events of the same time line up. */
import { element, text } from './svg.ts';

const WIDTH_MIN = 980;
const WIDTH_MAX = 12_000;
const PIXELS_PER_S = 16;
/** The last label needs room to its right. */
const MARGIN = 24;
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600];
const TICK_PIXELS_MIN = 70;

export interface Scale {
  readonly width: number;
  readonly endMs: number;
  /** Pixels from the left edge; times outside the run are moved to its edges. */
  x(atMs: number): number;
}

export function scaleOf(endMs: number): Scale {
  const width = Math.min(WIDTH_MAX, Math.max(WIDTH_MIN, (endMs / 1_000) * PIXELS_PER_S));
  const plot = width - MARGIN;
  return { width, endMs, x: (atMs) => (Math.min(endMs, Math.max(0, atMs)) / Math.max(1, endMs)) * plot };
}

/** Grid lines and time labels, down to `height`. */
export function timeAxis(scale: Scale, height: number): string {
  const pixelsPerS = (scale.width - MARGIN) / (Math.max(1, scale.endMs) / 1_000);
  const stepS = STEPS_S.find((step) => step * pixelsPerS >= TICK_PIXELS_MIN) ?? STEPS_S.at(-1) ?? 1;
  const ticks: string[] = [];
  for (let atS = 0; atS * 1_000 <= scale.endMs; atS += stepS) {
    const x = scale.x(atS * 1_000);
    ticks.push(element('line', { class: 'grid', x1: x, x2: x, y1: 16, y2: height }));
    ticks.push(text(x + 3, 11, timeText(atS), { class: 'tick' }));
  }
  return ticks.join('');
}

function timeText(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
}

/** Groups items by pixel, so that many items in one place become one mark. */
export function byPixel<Item extends { readonly atMs: number }>(
  items: readonly Item[],
  { x }: Scale,
  pixels: number,
): readonly { readonly x: number; readonly items: readonly Item[] }[] {
  const groups = new Map<number, Item[]>();
  for (const item of items) {
    const place = Math.floor(x(item.atMs) / pixels) * pixels;
    const group = groups.get(place);
    if (group === undefined) groups.set(place, [item]);
    else group.push(item);
  }
  return [...groups].map(([place, group]) => ({ x: place, items: group }));
}
