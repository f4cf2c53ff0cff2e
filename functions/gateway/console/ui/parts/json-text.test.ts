import { describe, expect, it } from 'vitest';
import { indented, lineAt, readJsonText } from './json-text.ts';

describe('JSON as a person writes it', () => {
  it.each([
    ['', 1, 1, 'the text ends where a value is expected'],
    ['{\n  "a": 1\n  "b": 2\n}', 3, 3, 'there is " where a comma or } is expected'],
    ['{\n  "a": 1,\n}', 3, 1, 'there is } where the name of a field is expected, in double quotes'],
    ['{ a: 1 }', 1, 3, 'there is a where the name of a field is expected, in double quotes'],
    ['{"a" 1}', 1, 6, 'there is 1 where a colon is expected'],
    ['{"a": 1,\n "a": 2}', 2, 2, 'the field "a" is here twice'],
    ['[1,\n 2', 2, 3, 'the text ends where a comma or ] is expected'],
    ['["a\nb"]', 1, 2, 'this string does not end on its line, or has a wrong escape'],
    ['{"a": 01}', 1, 8, 'there is 1 where a comma or } is expected'],
    ['{"a":\n 12345678901234567890}', 2, 2, '12345678901234567890 would be rounded; write it as a string'],
    ['nul', 1, 1, 'there is n where a value is expected'],
    ['1 2', 1, 3, 'the value has ended here, and there is more'],
    [`${'['.repeat(70)}`, 1, 66, 'it is nested deeper than 64 levels'],
  ])('has an error: %j', (text, line, column, detail) => {
    expect(readJsonText(text)).toMatchObject({ error: { line, column, detail } });
  });

  it('has the line of each value, and of what is missing in it', () => {
    const read = readJsonText('{\n  "a/b": [\n    1,\n    { "c": null }\n  ]\n}');
    if ('error' in read) throw new Error(read.error.detail);

    expect(read.value).toEqual({ 'a/b': [1, { c: null }] });
    expect(['', '/a~1b', '/a~1b/1/c', '/a~1b/1/missing', '/other'].map((each) => lineAt(read.lines, each))).toEqual([
      1, 2, 4, 4, 1,
    ]);
  });
});

describe('JSON with one value a line', () => {
  it.each([
    ['{"a":[1,{"b":[]}],"c":{}}', '{\n  "a": [\n    1,\n    {\n      "b": []\n    }\n  ],\n  "c": {}\n}'],
    [
      '{"big":12345678901234567890,"text":"a, {b}: \\"c\\""}',
      '{\n  "big": 12345678901234567890,\n  "text": "a, {b}: \\"c\\""\n}',
    ],
    [' [ ] ', '[]'],
    ['no JSON', 'no JSON'],
  ])('%j is %j', (text, shown) => {
    expect(indented(text)).toBe(shown);
  });
});
