/** Durations and times of day as a page shows them. */
const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `1.8 ms`, `320 ms`, `4.2 s`, `2 min 13 s`, `3 h 4 min`, `2 d 3 h`. Of a negative one, its length. */
export function durationText(ms: number): string {
  const length = Math.abs(ms);
  if (length < 1) return '<1 ms';
  if (length < SECOND_MS) return `${shortNumber(length)} ms`;
  if (length < MINUTE_MS) return `${shortNumber(length / SECOND_MS)} s`;
  if (length < HOUR_MS) return pair(length, MINUTE_MS, 'min', SECOND_MS, 's');
  if (length < DAY_MS) return pair(length, HOUR_MS, 'h', MINUTE_MS, 'min');
  return pair(length, DAY_MS, 'd', HOUR_MS, 'h');
}

/** A duration that ticks: in whole seconds, so that its last digit does not flicker. */
export function tickingText(ms: number): string {
  return durationText(Math.max(0, Math.floor(ms / SECOND_MS)) * SECOND_MS).replace('<1 ms', '0 s');
}

/** At most one digit after the point, and none from 10 on. Rounded down: 59.99 s is not 60 s. */
function shortNumber(value: number): string {
  return value < 10 ? String(Math.floor(value * 10) / 10) : String(Math.floor(value));
}

function pair(ms: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((ms % large) / small);
  const whole = `${Math.floor(ms / large)} ${largeUnit}`;
  return rest === 0 ? whole : `${whole} ${rest} ${smallUnit}`;
}

/** The time of day of an instant where the browser is, with milliseconds: `12:01:07.250`. */
export function clockText(atMs: number): string {
  const at = new Date(atMs);
  const seconds = `${padded(at.getSeconds())}.${padded(at.getMilliseconds(), 3)}`;
  return `${padded(at.getHours())}:${padded(at.getMinutes())}:${seconds}`;
}

/** The time of day in the browser's time zone, after the date where `nowMs` is on another day: `2026-03-01 12:01:07.250`. */
export function momentText(atMs: number, nowMs: number): string {
  const day = dayText(atMs);
  return day === dayText(nowMs) ? clockText(atMs) : `${day} ${clockText(atMs)}`;
}

function dayText(ms: number): string {
  const at = new Date(ms);
  return `${padded(at.getFullYear(), 4)}-${padded(at.getMonth() + 1)}-${padded(at.getDate())}`;
}

function padded(value: number, digits = 2): string {
  return String(value).padStart(digits, '0');
}
