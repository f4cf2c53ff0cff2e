const UTC_MS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const UTC_MS_LENGTH = 24;

/** What the store itself writes, on days that each month has: read without a look at the calendar, as most times are. */
const PLAIN =
  /^\d{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)T(?:[01]\d|2[0-3])(?::[0-5]\d){2}\.\d{3}Z$/;

/** RFC 3339, 5.6; the seconds may be left out. Lower case `t` and `z` are allowed. */
const RFC_3339 = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::(\d\d)(?:\.(\d+))?)?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/i;
const LEAP_SECOND = '60';
const MINUTE_MS = 60_000;

/** Whether it is a time as the store writes it: ISO 8601, UTC, with milliseconds. Such times sort as texts. */
export function isUtcTime(value: unknown): value is string {
  return typeof value === 'string' && UTC_MS.test(value) && !Number.isNaN(Date.parse(value));
}

/** The later of two times as the store writes them; the first where the other is missing. */
export function laterOf(time: string, other: string | null): string {
  return other !== null && other > time ? other : time;
}

/**
 * A time of RFC 3339 as the store writes it; null where the text is none. A leap second becomes the second after it.
 * Where UTC has no year of four digits, the time keeps its offset.
 */
export function utcTimeOf(text: string): string | null {
  return PLAIN.test(text) ? text : utcTimeFrom(text);
}

function utcTimeFrom(text: string): string | null {
  const [, date, minutes, seconds = '00', fraction = '', sign, hours = '0', rest = '0'] = RFC_3339.exec(text) ?? [];
  if (date === undefined) return null;
  const isLeap = seconds === LEAP_SECOND;
  const local = `${date}T${minutes}:${isLeap ? '59' : seconds}.${fraction.slice(0, 3).padEnd(3, '0')}Z`;
  const localMs = Date.parse(local);
  // `Date` reads 30 February as 1 or 2 March.
  if (Number.isNaN(localMs) || new Date(localMs).toISOString() !== local) return null;
  const offsetMs = (Number(hours) * 60 + Number(rest)) * MINUTE_MS;
  const utc = new Date(sign === '-' ? localMs + offsetMs : localMs - offsetMs);
  if (isLeap) {
    if (!utc.toISOString().includes('T23:59:59')) return null;
    utc.setTime(utc.getTime() + 1_000);
  }
  const written = utc.toISOString();
  return written.length === UTC_MS_LENGTH ? written : text.toUpperCase();
}
