/** Numbers where there is little room. */
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

/** `1,640`, `12.3K`. */
export function formatShort(count: number): string {
  return count < 10_000 ? whole.format(count) : compact.format(count);
}

/** Of what happens: `0.4/s`, `120/s`. */
export function formatRate(perSecond: number): string {
  return `${perSecond < 10 ? tenth.format(perSecond) : whole.format(perSecond)}/s`;
}

/** `4.1 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  const power = Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  return `${tenth.format(bytes / 1_000 ** power)} ${units[power]}`;
}

const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const;
