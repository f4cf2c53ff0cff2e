/** Turns figures into rows with an aim and a verdict, and renders them as a table. */
import Table from 'cli-table3';

export interface Row {
  readonly measure: string;
  readonly unit: string;
  readonly ours: number;
  readonly against: number;
  /** `ours` divided by `against`; the median of the rounds' ratios. */
  readonly ratio: number;
  readonly aim: { readonly ratio: number; readonly atLeast: boolean } | null;
  /** Null when there is no aim, or nothing was measured. */
  readonly isReached: boolean | null;
}

export interface Section {
  readonly title: string;
  readonly columns: readonly [string, string];
  readonly rows: readonly Row[];
}

export function rowOf(figures: Omit<Row, 'isReached'>): Row {
  const { ratio, aim } = figures;
  if (aim === null || Number.isNaN(ratio)) return { ...figures, isReached: null };
  return { ...figures, isReached: aim.atLeast ? ratio >= aim.ratio : ratio <= aim.ratio };
}

/** Without colours, so that the table looks the same in a log. */
export function renderSection({ title, columns, rows }: Section): string {
  const table = new Table({
    head: [title, ...columns, 'ratio', 'aim'],
    colAligns: ['left', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  });
  for (const { measure, unit, ours, against, ratio, aim } of rows) {
    table.push([
      `${measure}, ${unit}`,
      figure(ours),
      figure(against),
      Number.isNaN(ratio) ? '–' : ratio.toFixed(2),
      aim === null ? '' : aimText(aim),
    ]);
  }
  return table.toString();
}

export function renderVerdict(title: string, { measure, ratio, aim, isReached }: Row): string | null {
  if (aim === null) return null;
  if (isReached === null) return `${title} · ${measure}: not measured (aim ${aimText(aim)})`;
  return `${title} · ${measure}: ${ratio.toFixed(2)}, aim ${aimText(aim)}: ${isReached ? 'reached' : 'MISSED'}`;
}

function aimText({ ratio, atLeast }: { readonly ratio: number; readonly atLeast: boolean }): string {
  return `${atLeast ? '≥' : '≤'} ${ratio.toFixed(2)}`;
}

function figure(value: number): string {
  if (Number.isNaN(value)) return '–';
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toFixed(2);
}
