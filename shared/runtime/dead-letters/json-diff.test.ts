import { describe, expect, it } from 'vitest';
import { differencesOf, parsedOrText } from './json-diff.ts';

describe('the differences of two values', () => {
  it('are as deep as possible, with added and removed values', () => {
    const before = { lines: [{ quantity: 1 }, { quantity: 2 }], 'a/b': null, gone: true };
    const after = { lines: [{ quantity: 1 }, { quantity: 3 }, { quantity: 4 }], 'a/b': 0, added: [] };

    expect(differencesOf(before, after)).toEqual([
      { pointer: '/lines/1/quantity', before: 2, after: 3 },
      { pointer: '/lines/2', after: { quantity: 4 } },
      { pointer: '/a~1b', before: null, after: 0 },
      { pointer: '/gone', before: true },
      { pointer: '/added', after: [] },
    ]);
  });

  it('are none where only the order of fields differs, and one where the kind differs', () => {
    expect(differencesOf({ a: 1, b: 2 }, { b: 2, a: 1 })).toEqual([]);
    expect(differencesOf({ a: [] }, { a: {} })).toEqual([{ pointer: '/a', before: [], after: {} }]);
    expect(differencesOf(parsedOrText('{'), parsedOrText('{}'))).toEqual([{ pointer: '', before: '{', after: {} }]);
  });

  it.each([
    ['nested deeper than a program can follow', '['.repeat(100_000)],
    ['of a name twice', '{"a":1,"a":2}'],
  ])('take JSON %s for the text that it is', (_, text) => {
    expect(differencesOf(parsedOrText(text), { a: 1 })).toEqual([{ pointer: '', before: text, after: { a: 1 } }]);
  });
});
