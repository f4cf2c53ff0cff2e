import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { safeParseInput } from './issue-sentence.ts';

function sentenceOf(schema: z.ZodType, value: unknown): string | undefined {
  return safeParseInput(schema, value).error?.issues[0]?.message;
}

describe('what is wrong with a value', () => {
  it.each([
    [z.string(), undefined, 'this is missing'],
    [z.string(), 7, 'must be a string, not a number'],
    [z.int(), 1.5, 'must be a whole number'],
    [z.number(), 'one', 'must be a number, not a string'],
    [z.coerce.number(), 'one', 'must be a number'],
    [z.boolean(), null, 'must be a boolean, not null'],
    [z.object({}), [], 'must be an object, not an array'],
    [z.array(z.string()), {}, 'must be an array, not an object'],
    [z.string(), true, 'must be a string, not a boolean'],
    [z.string().min(1), '', 'must not be empty'],
    [z.string().min(2), '', 'must have at least 2 characters'],
    [z.string().max(1), 'ab', 'must have at most 1 character'],
    [z.array(z.int()).min(1), [], 'must not be empty'],
    [z.array(z.int()).max(2), [1, 2, 3], 'must have at most 2 elements'],
    [z.number().min(1), 0, 'must be at least 1'],
    [z.number().positive(), 0, 'must be more than 0'],
    [z.number().lt(5), 5, 'must be less than 5'],
    [z.number().max(5), 6, 'must be at most 5'],
    [z.number().multipleOf(2), 3, 'must be a multiple of 2'],
    [z.enum(['wait', 'reject']), 'x', 'must be one of wait, reject'],
    [z.literal('1.0'), 'x', 'must be 1.0'],
    [z.string().regex(/^\d+$/), 'x', 'must match the pattern /^\\d+$/'],
    [z.url(), 'x', 'must be a URL'],
    [z.iso.datetime(), 'x', 'must be a time of RFC 3339'],
    [z.union([z.string(), z.number()]), true, 'has none of the forms that are allowed'],
  ])('is said plainly (%#: %s, %j)', (schema, value, sentence) => {
    expect(sentenceOf(schema, value)).toBe(sentence);
  });

  it('is what the schema says, where it says something', () => {
    expect(sentenceOf(z.string().min(1, 'name it'), '')).toBe('name it');
  });
});
