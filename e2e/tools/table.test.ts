import { describe, expect, it } from 'vitest';
import { fold, tableOf, widthOf } from './table.ts';

const head = ['order', 'cause'];
const rows = [
  ['ORDER_001', 'the product has two on hand and three were asked for'],
  ['ORDER_002', 'no'],
];

const widths = (table: string) => table.split('\n').map(widthOf);

describe('a table', () => {
  it('has one line for each row where the width is unknown', () => {
    expect(tableOf({ head, rows }, {})).toBe(
      [
        '┌───────────┬──────────────────────────────────────────────────────┐',
        '│ order     │ cause                                                │',
        '├───────────┼──────────────────────────────────────────────────────┤',
        '│ ORDER_001 │ the product has two on hand and three were asked for │',
        '├───────────┼──────────────────────────────────────────────────────┤',
        '│ ORDER_002 │ no                                                   │',
        '└───────────┴──────────────────────────────────────────────────────┘',
      ].join('\n'),
    );
  });

  it('folds the widest cells where the terminal is narrower', () => {
    expect(tableOf({ head, rows }, { columns: 40 })).toBe(
      [
        '┌───────────┬──────────────────────────┐',
        '│ order     │ cause                    │',
        '├───────────┼──────────────────────────┤',
        '│ ORDER_001 │ the product has two on   │',
        '│           │ hand and three were      │',
        '│           │ asked for                │',
        '├───────────┼──────────────────────────┤',
        '│ ORDER_002 │ no                       │',
        '└───────────┴──────────────────────────┘',
      ].join('\n'),
    );
  });

  it('is a block for each row where its columns would be too narrow', () => {
    expect(tableOf({ head, rows }, { columns: 24 })).toBe(
      [
        'order  ORDER_001',
        'cause  the product has',
        '       two on hand and',
        '       three were asked',
        '       for',
        '',
        'order  ORDER_002',
        'cause  no',
      ].join('\n'),
    );
  });

  it.each([200, 80, 60, 40, 30, 20, 12, 5])('is never wider than a terminal of %i columns', (columns) => {
    const wide = [...rows, ['日本語の商品📦'.repeat(4), 'x'.repeat(90)]];

    expect(Math.max(...widths(tableOf({ head, rows: wide }, { columns })))).toBeLessThanOrEqual(columns);
  });

  it.each([undefined, 60])('aligns wide characters, emoji and marks (%s columns)', (columns) => {
    const wide = [...rows, ['日本語📦', 'naïve e\u0301 ｶﾅ 한국어'], ['🎉', '① Ａ']];

    expect(new Set(widths(tableOf({ head, rows: wide }, { columns }))).size).toBe(1);
  });

  it('aligns figures to the right, and paints the marks of the program', () => {
    const table = tableOf(
      {
        rows: [
          [7, { text: '✓', paint: (text) => `<${text}>` }],
          [12345, 'x'],
        ],
        right: [0],
      },
      {},
    );

    expect(table.split('\n').slice(1, 4)).toEqual(['│     7 │ <✓> │', '├───────┼───┤', '│ 12345 │ x │']);
  });

  it('shows control characters escaped, and cuts what is overlong', () => {
    const table = tableOf({ head: ['a\u001b[2J'], rows: [['b\u202ec\n'], ['x'.repeat(9_999)]] }, {});

    expect(table).toContain('│ b\\u202ec\\u000a ');
    expect(table).toContain('│ a\\u001b[2J ');
    expect(table).toContain('… (9999 characters)');
    expect(table).not.toMatch(/[^\n -~─│┌┐└┘├┤┬┴┼…]/);
  });
});

describe('a fold', () => {
  it.each([
    ['at spaces', 'one two three', 7, ['one two', 'three']],
    ['in a word that is too long', 'abcdefgh ij', 3, ['abc', 'def', 'gh', 'ij']],
    ['before a wide character that does not fit', '日本語', 5, ['日本', '語']],
    ['not within a character with its marks', 'e\u0301e\u0301e\u0301', 2, ['e\u0301e\u0301', 'e\u0301']],
    ['of nothing', '', 5, ['']],
  ])('is made %s', (_, text, width, lines) => {
    expect(fold(text, width)).toEqual(lines);
  });
});
