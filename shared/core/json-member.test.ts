import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { membersIn } from './json-member.ts';

function valuesOf(text: string): readonly string[] {
  return membersIn(text, 'data').map(({ start, end }) => text.slice(start, end));
}

describe('the member of a JSON text', () => {
  it.each([
    ['{"a":1,"data":{"n":1.0}}', ['{"n":1.0}']],
    ['{"data" : [1, 2] , "a":{"data":5}}', [' [1, 2] ']],
    ['{"a":{"data":5},"b":["data"],"c":"data"}', []],
    ['{"data":1,"data":"2"}', ['1', '"2"']],
    ['{"d\\u0061ta":true}', ['true']],
    ['{"a":"}\\",\\"data\\":1","data":"x,\\"}"}', ['"x,\\"}"']],
    ['{}', []],
    ['[]', []],
    ['"data"', []],
  ])('of %s is taken out as it was written', (text, values) => {
    expect(valuesOf(text)).toEqual(values);
  });

  it('is what a parser reads, for any object', () => {
    const value = fc.object({ key: fc.constantFrom('data', 'a', 'da"ta', '\\'), withNullPrototype: false });
    fc.assert(
      fc.property(value, fc.constantFrom(undefined, 1), (object, space) => {
        const [found] = valuesOf(JSON.stringify(object, null, space));
        expect(found === undefined ? undefined : JSON.parse(found)).toEqual(JSON.parse(JSON.stringify(object)).data);
      }),
    );
  });

  it('ends for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('{', '}', '"', '\\', ':', ',', 'data', '[') }), (text) => {
        expect(membersIn(text, 'data').every(({ start, end }) => start <= end && end <= text.length)).toBe(true);
      }),
    );
  });
});
