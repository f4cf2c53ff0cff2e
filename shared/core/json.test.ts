import { describe, expect, it } from 'vitest';
import { JSON_DEPTH_MAX, jsonSentence, readJson } from './json.ts';

/** The kind of the problem and where it is; the value where there is none. */
function read(text: string) {
  const read = readJson(text);
  return 'value' in read ? read : [read.problem.kind, read.problem.pointer];
}

describe('a JSON text that says one thing', () => {
  it.each([
    'null',
    'true',
    '0',
    '""',
    '[]',
    '{}',
    ' { "a" : [ 1 , { "b" : null } ] } ',
    '{"a":{"a":1},"b":{"a":1}}',
    '[{"a":1},{"a":1}]',
    '{"a:b":"c:d","e":"{\\"f\\":1,\\"f\\":2}"}',
    '{"a\\\\":1,"a":":\\\\"}',
    '{"a":"\\"","b":"\\\\\\"a\\":1"}',
    '{"constructor":1,"toString":2,"length":3,"":4}',
    '{"a":"\\ud83d\\ude00","b":"\u{1F600}","c":"\uFFFD","d":"u\u0308","e":"\\u0001\\uFFFF"}',
    '{"a":1e2,"b":10.00,"c":0.1,"d":123456789012345,"e":9007199254740991,"f":-0.5,"g":1E-3,"h":100000000000000000000}',
  ])('is its value: %s', (text) => {
    expect(read(text)).toEqual({ value: JSON.parse(text) });
  });

  it('may hold a name that objects inherit by, which is a member like any other', () => {
    const read = readJson('{"__proto__":{"a":1},"b":2}');

    expect('value' in read && Object.keys(read.value as object)).toEqual(['__proto__', 'b']);
  });

  it(`may be nested ${JSON_DEPTH_MAX} levels deep`, () => {
    const text = '['.repeat(JSON_DEPTH_MAX) + ']'.repeat(JSON_DEPTH_MAX);

    expect(read(text)).toEqual({ value: JSON.parse(text) });
  });

  it('of a megabyte is read, also when it has to be looked through', () => {
    const long = JSON.stringify({ a: 'x\n"'.repeat(300_000) });

    expect(read(`[1e2,${long}]`)).toEqual({ value: [100, JSON.parse(long)] });
  });
});

describe('a name that is there twice', () => {
  it.each([
    ['{"a":1,"a":1}', '/a'],
    ['{"a":1,"b":2,"a":{"c":3}}', '/a'],
    ['{"a":1,"\\u0061":2}', '/a'],
    ['{"x/y":1,"x\\/y":2}', '/x~1y'],
    ['{"":1,"":2}', '/'],
    ['{"__proto__":1,"__proto__":2}', '/__proto__'],
    ['{"a":{"b":[0,{"c":1,"c":2}]}}', '/a/b/1/c'],
    ['[[{"a":1,"a":2}]]', '/0/0/a'],
    ['{"a":{"b":1,"c":{"d":1,"d":2},"b":3}}', '/a/c/d'],
    ['{"a":"\\"a\\":1","a":2}', '/a'],
    ['{"\u{1F600}":1,"\\ud83d\\ude00":2}', '/\u{1F600}'],
  ])('is refused with its pointer: %s', (text, pointer) => {
    expect(read(text)).toEqual(['duplicate', pointer]);
  });
});

describe('text that cannot be kept', () => {
  it.each([
    ['"\\ud800"', ''],
    ['{"a":"\\uDFFF"}', '/a'],
    ['{"a":["x","\\ud800\\ud800"]}', '/a/1'],
    ['{"a":"\\ud800x\\udc00"}', '/a'],
    ['{"a":"\\u0000"}', '/a'],
    ['{"a":"x\\u0000y"}', '/a'],
    ['{"\\ud800":1}', '/\\ud800'],
    ['{"a\\u0000b":1}', '/a\\u0000b'],
    ['{"a":"\ud800"}', ''],
    ['"\udc00"', ''],
  ])('is refused with its pointer: %j', (text, pointer) => {
    expect(read(text)).toEqual(['text', pointer]);
  });

  it('is not what a backslash before the escape keeps apart', () => {
    expect(read('{"a":"\\\\ud800","b":"\\\\u0000"}')).toEqual({ value: { a: '\\ud800', b: '\\u0000' } });
  });
});

describe('a number that has to be rounded', () => {
  it.each([
    '10.000000000000000001',
    '1e400',
    '-1e400',
    '1e-400',
    '9007199254740993',
    '12345678901234567890',
    '0.1000000000000000055511151231257827',
    '2.0000000000000000000000001',
    `1${'0'.repeat(500)}`,
    `1${'0'.repeat(500_000)}1`,
    `0.${'0'.repeat(500_000)}1`,
    `0.1${'0'.repeat(500_000)}1`,
  ])('is refused with its pointer: %.40s', (literal) => {
    expect(read(`{"items":[{"price":${literal}}]}`)).toEqual(['number', '/items/0/price']);
  });

  it('is shown in part', () => {
    const found = readJson('9'.repeat(1_000));

    expect('problem' in found && found.problem.detail).toMatch(/^9{40}… cannot be kept exactly as a number/);
  });
});

describe('what is no JSON', () => {
  it.each([
    '',
    ' ',
    '{',
    '{"a":1',
    '{"a":1,}',
    "{'a':1}",
    '{"a":1}{"a":1}',
    '01',
    '+1',
    'NaN',
    '"a\nb"',
    '"\\u00"',
    '\uFEFF{}',
  ])('is refused: %j', (text) => {
    expect(read(text)).toEqual(['syntax', '']);
  });

  it.each([JSON_DEPTH_MAX + 1, 10_000, 500_000])('is taken for what is nested %i levels deep', (depth) => {
    expect(read('['.repeat(depth) + ']'.repeat(depth))).toEqual(['syntax', '']);
    expect(read('{"a":'.repeat(depth))).toEqual(['syntax', '']);
  });

  it('is named without the text and without control characters', () => {
    const { problem } = readJson('\u001f\u008b{"secret":1}') as Extract<
      ReturnType<typeof readJson>,
      { problem: object }
    >;

    expect(jsonSentence('the body', problem)).toBe("the body is not JSON: Unexpected token 'U+001F'");
  });
});
