import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable, printableJson, printableLines, VALUE_MAX } from './printable.ts';

const concealed: readonly (readonly [what: string, character: string, shown: string])[] = [
  ['an escape sequence', '\u001b[31m', '\\u001b[31m'],
  ['the title of a terminal', '\u001b]0;x\u0007', '\\u001b]0;x\\u0007'],
  ['a null', '\0', '\\u0000'],
  ['a backspace', '\b', '\\u0008'],
  ['a tab', '\t', '\\u0009'],
  ['a line break', '\n', '\\u000a'],
  ['a carriage return', '\r', '\\u000d'],
  ['DEL', '\u007f', '\\u007f'],
  ['a C1 control', '\u009b31m', '\\u009b31m'],
  ['the next line of C1', '\u0085', '\\u0085'],
  ['an override of direction', '\u202e', '\\u202e'],
  ['an embedding', '\u202a\u202b\u202c\u202d', '\\u202a\\u202b\\u202c\\u202d'],
  ['an isolate', '\u2066\u2067\u2068\u2069', '\\u2066\\u2067\\u2068\\u2069'],
  ['a mark of direction', '\u200e\u200f\u061c', '\\u200e\\u200f\\u061c'],
  ['a separator of lines', '\u2028\u2029', '\\u2028\\u2029'],
  ['a space without width', '\u200b', '\\u200b'],
  ['a joiner', '\u200c\u200d\u2060', '\\u200c\\u200d\\u2060'],
  ['a byte order mark', '\ufeff', '\\ufeff'],
  ['a soft hyphen', '\u00ad', '\\u00ad'],
  ['a letter without a glyph', '\u3164\u115f', '\\u3164\\u115f'],
  ['a variation selector', '\ufe0f', '\\ufe0f'],
  ['a tag', '\u{e0041}', '\\udb40\\udc41'],
  ['a lone high surrogate', '\ud800', '\\ud800'],
  ['a lone low surrogate', '\udc00', '\\udc00'],
  ['a noncharacter', '\uffff', '\\uffff'],
];

describe('a value', () => {
  it.each(concealed)('shows %s as an escape', (_, character, shown) => {
    expect(printable(`a${character}b`)).toBe(`a${shown}b`);
  });

  it.each(['ORDER_001', 'Grüße, 10 €', '日本語', 'אבג', '📦🎉', 'e\u0301', '\\u001b', ''])(
    'shows %j as it is',
    (text) => {
      expect(printable(text)).toBe(text);
    },
  );

  it('is cut where it is too long, and says how long it is', () => {
    expect(printable('x'.repeat(VALUE_MAX))).toBe('x'.repeat(VALUE_MAX));
    expect(printable('x'.repeat(5_000))).toBe(`${'x'.repeat(VALUE_MAX)}… (5000 characters)`);
    expect(printable('📦'.repeat(4), 3)).toBe('📦📦📦… (4 characters)');
    expect(printable('📦📦📦', 3)).toBe('📦📦📦');
  });

  it('never shows a character that is not for people', () => {
    const text = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) });

    fc.assert(
      fc.property(text, (any) => {
        expect(printable(any)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});

describe('a text of many lines', () => {
  it('keeps its line breaks and escapes the rest', () => {
    expect(printableLines('one\r\ntwo\u001b[2J\n\tthree')).toBe('one\ntwo\\u001b[2J\n\\u0009three');
  });

  it('is cut where it is too long', () => {
    expect(printableLines('a\nb\nc\nd', 3)).toBe('a\nb… (7 characters)');
  });
});

describe('JSON', () => {
  it.each(concealed)('with %s means the same', (_, character, shown) => {
    const value = { [character]: [`a${character}b`, 1.5, null] };
    const json = printableJson(JSON.stringify(value, null, 2));

    expect(JSON.parse(json)).toEqual(value);
    expect(json).toMatch(/^[ -~\n]*$/);
    if (!/[\b\t\n\r]/.test(character)) expect(json).toContain(shown);
  });

  it('keeps its digits and its lines', () => {
    expect(printableJson('{\r\n\t"a": 1.0\r}\n')).toBe('{\n  "a": 1.0\n}\n');
  });
});
