import { describe, expect, it } from 'vitest';
import { idempotencyKeyIn, preferredWaitS } from './headers.ts';

describe('an idempotency key', () => {
  it.each([
    ['abc', 'abc'],
    ['"abc"', 'abc'],
    ['  "abc"  ', 'abc'],
    ['"a\\"b\\\\c"', 'a"b\\c'],
    ['a,b;c\\d', 'a,b;c\\d'],
    ['x'.repeat(256), 'x'.repeat(256)],
  ])('is read from %j', (header, key) => {
    expect(idempotencyKeyIn(header)).toBe(key);
  });

  it.each([
    ['empty', ''],
    ['empty in quotes', '""'],
    ['not ended', '"abc'],
    ['not begun', 'abc"'],
    ['a quote alone', '"'],
    ['ended too soon', '"ab"c"'],
    ['escaped at its end', '"abc\\"'],
    ['with another escape', '"a\\nb"'],
    ['with a parameter', '"abc";v=1'],
    ['there twice', 'abc, abc'],
    ['there twice, in quotes', '"abc", "def"'],
    ['with a space', 'a b'],
    ['with a space in quotes', '"a b"'],
    ['not ASCII', 'Ã¼'],
    ['not ASCII in quotes', '"Ã¼"'],
    ['with a control character', '"a\tb"'],
    ['too long', 'x'.repeat(257)],
  ])('that is %s is refused', (_, header) => {
    expect(() => idempotencyKeyIn(header)).toThrow(expect.objectContaining({ code: 'malformed_request' }));
  });
});

describe('the preference to wait', () => {
  it.each([
    ['wait=5', 5],
    ['WAIT = "5"', 5],
    ['respond-async, wait=5', 5],
    ['respond-async,wait=5;x=1', 5],
    ['wait=5, wait=9', 5],
    ['foo="a, wait=1"; bar, wait=7', 7],
    ['wait=0', 0],
  ])('%j is %j seconds', (header, seconds) => {
    expect(preferredWaitS(header)).toBe(seconds);
  });

  it.each([
    undefined,
    null,
    '',
    'wait',
    'wait=',
    'wait=""',
    'wait=abc',
    'wait=5abc',
    'wait=1e3',
    'wait=-5',
    'wait=1.5',
    'wait=abc, wait=5',
    'foo; wait=5',
    'foo="wait=5"',
    'await=5',
    'wait-longer=5',
    'wait=99999999999',
  ])('%j makes no sense, and is ignored', (header) => {
    expect(preferredWaitS(header)).toBeNull();
  });
});
