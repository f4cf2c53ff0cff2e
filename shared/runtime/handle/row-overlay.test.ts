import { describe, expect, it } from 'vitest';
import { InvariantError } from '../../core/assert.ts';
import { type Loaded, type Need, table } from '../../ports/store.ts';
import { RowOverlay } from './row-overlay.ts';

interface Line {
  readonly order: string;
  readonly line: number;
  readonly text: string;
}
interface Note {
  readonly order: string;
  readonly position?: number;
  readonly text: string;
}

const lines = table<Line>(
  'line',
  { order: 'text', line: 'integer', text: 'text' },
  { key: ['order', 'line'], loadBy: 1 },
);
const notes = table<Note>(
  'note',
  { order: 'text', position: 'sequence', text: 'text' },
  { key: ['order', 'position'], loadBy: 1, appendOnly: true },
);

const stored = new Map<object, readonly object[]>([
  [lines, [line(0, 'stored'), line(1, 'stored too')]],
  [notes, [{ order: 'o', position: 4, text: 'first' }]],
]);
const needs: readonly Need[] = [
  { table: lines, values: ['o'] },
  { table: notes, values: ['o'] },
];

function line(number: number, text: string): Line {
  return { order: 'o', line: number, text };
}

function overlay(): { rows: RowOverlay; asked: Need[] } {
  const asked: Need[] = [];
  const loaded: Loaded = {
    seen: () => undefined,
    position: () => null,
    rows: (need) => {
      asked.push(need);
      return stored.get(need.table) ?? [];
    },
  };
  return { rows: new RowOverlay(loaded, needs), asked };
}

describe('the rows of a batch', () => {
  it('are loaded from the store once per group, however often they are read', () => {
    const { rows, asked } = overlay();

    const seen = [rows.many(lines, 'o'), rows.many(lines, 'o'), rows.one(lines, 'o', '1'), rows.one(lines, 'o', '9')];

    expect(seen).toEqual([stored.get(lines), stored.get(lines), line(1, 'stored too'), undefined]);
    expect(asked).toEqual([{ table: lines, values: ['o'] }]);
  });

  it.each([
    ['that was read before', true],
    ['that was not read before', false],
  ])('show a write in place of a stored row %s', (_, isRead) => {
    const { rows } = overlay();
    if (isRead) rows.many(lines, 'o');

    rows.put([
      { table: lines, row: line(1, 'changed') },
      { table: lines, row: line(2, 'new') },
    ]);

    expect(rows.many(lines, 'o')).toEqual([line(0, 'stored'), line(1, 'changed'), line(2, 'new')]);
    expect(rows.one(lines, 'o', '1')).toEqual(line(1, 'changed'));
  });

  it('show rows appended to a ledger behind the stored ones', () => {
    const { rows } = overlay();

    rows.put([{ table: notes, row: { order: 'o', text: 'second' } }]);
    rows.put([{ table: notes, row: { order: 'o', text: 'third' } }]);

    expect(rows.many(notes, 'o').map(({ text }) => text)).toEqual(['first', 'second', 'third']);
  });

  it('are written once each in their final state, and appended rows one by one', () => {
    const { rows } = overlay();

    rows.put([{ table: lines, row: line(0, 'once') }]);
    rows.put([{ table: notes, row: { order: 'o', text: 'again' } }]);
    rows.put([{ table: lines, row: line(0, 'twice') }]);
    rows.put([{ table: notes, row: { order: 'o', text: 'again' } }]);

    expect(rows.writes()).toEqual([
      { table: lines, row: line(0, 'twice'), stored: line(0, 'stored') },
      { table: notes, row: { order: 'o', text: 'again' }, stored: null },
      { table: notes, row: { order: 'o', text: 'again' }, stored: null },
    ]);
  });

  it('are written with the stored row, or null where nothing is stored', () => {
    const { rows } = overlay();

    rows.put([
      { table: lines, row: line(1, 'changed') },
      { table: lines, row: line(2, 'new') },
    ]);
    rows.put([
      { table: lines, row: line(1, 'changed again') },
      { table: lines, row: line(2, 'new again') },
    ]);

    expect(rows.writes()).toEqual([
      { table: lines, row: line(1, 'changed again'), stored: line(1, 'stored too') },
      { table: lines, row: line(2, 'new again'), stored: null },
    ]);
  });

  it('are written in the order of their first write, whether or not the batch reads their group', () => {
    const { rows } = overlay();

    rows.put([{ table: notes, row: { order: 'unnamed', text: 'first' } }]);
    rows.put([{ table: lines, row: line(3, 'second') }]);
    rows.put([{ table: notes, row: { order: 'o', text: 'third' } }]);
    rows.put([{ table: notes, row: { order: 'unnamed', text: 'fourth' } }]);

    const texts = rows.writes().map(({ row }) => (row as { text: string }).text);
    expect(texts).toEqual(['first', 'second', 'third', 'fourth']);
  });

  it('can be appended to a ledger that the batch does not read', () => {
    const { rows } = overlay();

    rows.put([{ table: notes, row: { order: 'unnamed', text: 'added' } }]);

    expect(rows.writes()).toEqual([{ table: notes, row: { order: 'unnamed', text: 'added' }, stored: null }]);
  });

  it('reject a read from a group that the batch did not name', () => {
    const { rows } = overlay();

    expect(() => rows.many(lines, 'other')).toThrow(new InvariantError('line [other] was not named by the batch'));
    expect(() => rows.one(lines, 'other', '1')).toThrow(InvariantError);
  });

  it('reject a write to a group that the batch did not name', () => {
    const { rows } = overlay();

    const writes = [
      { table: lines, row: line(0, 'written') },
      { table: lines, row: { order: 'other', line: 0, text: '' } },
    ];

    expect(() => rows.put(writes)).toThrow(InvariantError);
    expect(rows.writes()).toEqual([]);
  });
});
