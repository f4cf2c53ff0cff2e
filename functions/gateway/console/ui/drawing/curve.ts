/** Smooth ways from left to right. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A way as the drawing wants it (`d` of an SVG path), and as points that lie close together on it. */
export interface Curve {
  readonly d: string;
  readonly points: readonly Point[];
  readonly length: number;
}

const SAMPLES = 16;

/** A way through `stops`: horizontal at each, and straight between stops of one height. */
export function curveThrough(stops: readonly Point[]): Curve {
  const [start, ...rest] = stops;
  if (start === undefined) return { d: '', points: [], length: 0 };
  let d = `M${round(start.x)} ${round(start.y)}`;
  const points: Point[] = [start];
  let last = start;
  for (const stop of rest) {
    if (stop.y === last.y) {
      d += `H${round(stop.x)}`;
      points.push(stop);
    } else {
      const middle = (last.x + stop.x) / 2;
      d += `C${round(middle)} ${round(last.y)} ${round(middle)} ${round(stop.y)} ${round(stop.x)} ${round(stop.y)}`;
      for (let n = 1; n <= SAMPLES; n += 1) points.push(bezier(last, stop, n / SAMPLES));
    }
    last = stop;
  }
  const length = points.reduce((sum, point, n) => sum + distance(points[n - 1] ?? point, point), 0);
  return { d, points, length };
}

/** Where something is that has gone this share of the way, from 0 to 1. */
export function pointOn({ points, length }: Curve, share: number): Point {
  if (share >= 1) return points.at(-1) ?? { x: 0, y: 0 };
  let left = length * Math.max(share, 0);
  for (const [n, to] of points.entries()) {
    const from = points[n - 1];
    if (from === undefined) continue;
    const step = distance(from, to);
    if (left <= step && step > 0) {
      const part = left / step;
      return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
    }
    left -= step;
  }
  return points.at(-1) ?? { x: 0, y: 0 };
}

/** On the curve whose controls lie half-way between its ends, at their heights. */
function bezier(from: Point, to: Point, t: number): Point {
  const s = 1 - t;
  const middle = (from.x + to.x) / 2;
  const x = s ** 3 * from.x + 3 * s * t * middle + t ** 3 * to.x;
  return { x, y: (s ** 3 + 3 * s ** 2 * t) * from.y + (3 * s * t ** 2 + t ** 3) * to.y };
}

function distance(a: Point, b: Point): number {
  return Math.hypot(b.x - a.x, b.y - a.y);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
