/** Turns figures into rows with an aim and a verdict, and renders them as a table. */
import type { Terminal } from '../tools/store-client.ts';
import { tableOf } from '../tools/table.ts';
import type { Aim } from './plan.ts';

export interface Row {
  readonly measure: string;
  readonly unit: string;
  readonly ours: number;
  readonly against: number;
  /** `ours` divided by `against`; the median of the rounds' ratios. */
  readonly ratio: number;
  /** The smallest and the largest ratio of a round; null where it is one of all rounds together. */
  readonly spread: readonly [least: number, most: number] | null;
  readonly aim: Aim | null;
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
export function renderSection({ title, columns, rows }: Section, terminal: Pick<Terminal, 'columns'>): string {
  const cells = rows.map(({ measure, unit, ours, against, ratio, spread, aim }) => [
    `${measure}, ${unit}`,
    figure(ours),
    figure(against),
    ratioText(ratio, spread),
    aim === null ? '' : aimText(aim),
  ]);
  return tableOf({ head: [title, ...columns, 'ratio', 'aim'], rows: cells, right: [1, 2, 3, 4] }, terminal);
}

export function renderVerdict(title: string, { measure, ratio, aim, isReached }: Row): string | null {
  if (aim === null) return null;
  if (isReached === null) return `${title} · ${measure}: not measured (aim ${aimText(aim)})`;
  return `${title} · ${measure}: ${ratio.toFixed(2)}, aim ${aimText(aim)}: ${isReached ? 'reached' : 'MISSED'}`;
}

function ratioText(ratio: number, spread: Row['spread']): string {
  if (Number.isNaN(ratio)) return '–';
  return spread === null
    ? ratio.toFixed(2)
    : `${ratio.toFixed(2)} (${spread.map((end) => end.toFixed(2)).join(' to ')})`;
}

function aimText({ ratio, atLeast, hoped }: Aim): string {
  const better = hoped === undefined ? '' : ` (better ${hoped.toFixed(2)})`;
  return `${atLeast ? '≥' : '≤'} ${ratio.toFixed(2)}${better}`;
}

function figure(value: number): string {
  if (Number.isNaN(value)) return '–';
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toFixed(2);
}
