import { describe, expect, it } from 'vitest';
import { InvariantError } from './assert.ts';
import { deriveId, fingerprint, namedId } from './message.ts';
import { decodeUtf8, firstIllFormed, isWellFormed, wasReplaced } from './well-formed.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);
const illFormed: [string, Uint8Array, number][] = [
  ['a byte that no character has', bytes(0x61, 0xff, 0x62), 1],
  ['Latin-1', bytes(0x67, 0xfc, 0x6e), 1],
  ['a continuation without a start', bytes(0x61, 0x62, 0x80), 2],
  ['a character that is cut off', bytes(0x61, 0xf0, 0x9f, 0x98), 4],
  ['half of a surrogate pair', bytes(0xed, 0xa0, 0x80), 1],
  ['a whole surrogate pair', bytes(0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80), 1],
  ['a form that is too long', bytes(0xc0, 0xaf), 0],
  ['a character beyond the last', bytes(0xf4, 0x90, 0x80, 0x80), 1],
  ['UTF-16', bytes(0xff, 0xfe, 0x7b, 0x00), 0],
];

describe('bytes', () => {
  it.each(illFormed)('that are %s are no UTF-8, and it is said where', (_, given, offset) => {
    expect([decodeUtf8(given), firstIllFormed(given)]).toEqual([null, offset]);
  });

  it.each(['', 'a', 'ü', 'u\u0308', '\u{1F600}', '\uFFFD', '\uFFFF', 'a\uFEFFb', '\0'])(
    'that are %j are that text',
    (text) => {
      expect(decodeUtf8(Buffer.from(text))).toBe(text);
    },
  );

  it('lose a byte order mark at the start', () => {
    expect(decodeUtf8(Buffer.from('\uFEFF{}'))).toBe('{}');
  });
});

describe('a text', () => {
  it.each(['\ud800', 'a\udc00b', '\udc00\ud800', '\0', 'a\0b'])('%j cannot be kept as it is', (text) => {
    expect(isWellFormed(text)).toBe(false);
  });

  it.each(['', 'ü', 'u\u0308', '\u{1F600}', '\uFFFD', '\uFFFF', '\u202E', '\u001b'])(
    '%j can be kept as it is',
    (text) => {
      expect(isWellFormed(text)).toBe(true);
    },
  );

  it.each([
    ['M\uFFFDller', true],
    ['M\ud800ller', true],
    ['Müller', false],
  ])('%j may have been something else before it was decoded: %j', (text, expected) => {
    expect(wasReplaced(text)).toBe(expected);
  });
});

describe('ill-formed text', () => {
  it.each([
    ['an id of a name', () => namedId('POST /orders \ud800')],
    ['an id of a cause', () => deriveId({ id: '\udfff', time: '2026-01-02T03:04:05.678Z' }, 'x')],
    ['a fingerprint', () => fingerprint({ type: 'Type\ud800', data: {} })],
  ])('has no hash: %s', (_, hashOf) => {
    expect(hashOf).toThrow(InvariantError);
  });
});
