/**
 * Tables for a terminal. One that is wider than the terminal folds its cells; where they would become too narrow to read, each
 * row is a block of lines. Elsewhere (a file, a pipe) a row is one line, however long.
 *
 * Every cell is text from elsewhere: control characters are shown escaped, and overlong values are cut.
 */
import { printable } from '../../shared/core/printable.ts';
import type { Terminal } from './store-client.ts';

/** A value, or a mark of our own that is printed in a colour. */
export type Cell = string | number | { readonly text: string; readonly paint: (text: string) => string };

export interface TableOptions {
  /** Names of the columns; without them there is no head. */
  readonly head?: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** The columns with figures, from 0. */
  readonly right?: readonly number[];
}

/** A column that is narrower than this is not read, but spelled. */
const COLUMN_MIN = 10;
/** Of each column: a border and two spaces. */
const FRAME = 3;

/** The table as text, without a line break at its end. */
export function tableOf({ head, rows, right = [] }: TableOptions, { columns }: Pick<Terminal, 'columns'>): string {
  const cells = rows.map((row) => row.map(cellOf));
  const titles = head?.map(cellOf);
  const all = titles === undefined ? cells : [titles, ...cells];
  const natural = (all[0] ?? []).map((_, n) => Math.max(1, ...all.map((row) => widthOf(row[n]?.text ?? ''))));
  const widths = fittedTo(natural, columns ?? Number.POSITIVE_INFINITY);
  if (widths === null) return blocksOf(titles, cells, columns ?? 0);
  const line = (left: string, cross: string, end: string) =>
    left + widths.map((width) => '─'.repeat(width + 2)).join(cross) + end;
  const drawn = all.map((row) => rowOf(row, widths, right).join('\n'));
  return [line('┌', '┬', '┐'), drawn.join(`\n${line('├', '┼', '┤')}\n`), line('└', '┴', '┘')]
    .filter((part) => part !== '')
    .join('\n');
}

interface Drawn {
  readonly text: string;
  readonly paint: (text: string) => string;
}

function cellOf(cell: Cell): Drawn {
  if (typeof cell === 'object') return cell;
  return { text: printable(String(cell)), paint: (text) => text };
}

/** The widths of the columns, the widest ones made narrower; null where the table cannot be read at that width. */
function fittedTo(natural: readonly number[], columns: number): readonly number[] | null {
  const room = columns - natural.length * FRAME - 1;
  let widest = Math.max(...natural);
  const widthsAt = (limit: number) => natural.map((width) => Math.min(width, limit));
  const sum = (widths: readonly number[]) => widths.reduce((total, width) => total + width, 0);
  while (sum(widthsAt(widest)) > room) {
    widest -= 1;
    if (widest < COLUMN_MIN) return null;
  }
  return widthsAt(widest);
}

function rowOf(row: readonly Drawn[], widths: readonly number[], right: readonly number[]): readonly string[] {
  const folded = widths.map((width, n) => fold(row[n]?.text ?? '', width));
  const height = Math.max(...folded.map((lines) => lines.length));
  return Array.from({ length: height }, (_, at) => {
    const parts = widths.map((width, n) => {
      const text = folded[n]?.[at] ?? '';
      const padding = ' '.repeat(Math.max(0, width - widthOf(text)));
      const painted = row[n]?.paint(text) ?? text;
      return ` ${right.includes(n) ? padding + painted : painted + padding} `;
    });
    return `│${parts.join('│')}│`;
  });
}

/** Each row as lines, one for each cell. */
function blocksOf(titles: readonly Drawn[] | undefined, rows: readonly (readonly Drawn[])[], columns: number): string {
  const names = titles?.map(({ text }) => text) ?? [];
  const indent = Math.max(0, ...names.map(widthOf)) + 2;
  const isBeside = columns - indent >= COLUMN_MIN;
  const blocks = rows.map((row) =>
    row.flatMap(({ text, paint }, n) => {
      const name = names[n] ?? '';
      const margin = isBeside ? indent : 2;
      const lines = fold(text, Math.max(1, columns - margin)).map(paint);
      if (!isBeside)
        return [...(name === '' ? [] : fold(name, Math.max(1, columns))), ...lines.map((line) => `  ${line}`)];
      return lines.map((line, at) => (at === 0 ? name : '').padEnd(margin) + line);
    }),
  );
  return blocks.map((lines) => lines.map((line) => line.trimEnd()).join('\n')).join('\n\n');
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Lines of at most `width` columns, broken at spaces where that is possible. */
export function fold(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/(?<= )/)) {
    if (widthOf(line) + widthOf(word.trimEnd()) <= width) {
      line += word;
      continue;
    }
    if (line !== '') lines.push(line.trimEnd());
    line = '';
    for (const { segment } of graphemes.segment(word)) {
      if (line !== '' && widthOf(line) + widthOf(segment) > width) {
        lines.push(line.trimEnd());
        line = '';
      }
      line += segment;
    }
  }
  lines.push(line.trimEnd());
  return lines;
}

/** Two columns: the scripts of East Asia, their punctuation and full-width forms, and emoji. Half-width forms take one. */
const WIDE =
  /^(?![\uff61-\uffdc])[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}\p{Script=Yi}\p{Emoji_Presentation}\u3000-\u303e\u3200-\u33ff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]/u;
/** Marks that are drawn on the character before them. */
const MARK = /^[\p{Mn}\p{Me}]/u;

/** How many columns a text takes. */
export function widthOf(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) {
    if (WIDE.test(character)) width += 2;
    else if (!MARK.test(character)) width += 1;
  }
  return width;
}
