import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { textSchema, trimmedTextSchema } from './text-length.ts';

const two = '\u{1f4a1}';

describe('a text with a limit', () => {
  it.each([
    ['', false],
    ['x', true],
    ['xxx', true],
    ['xxxx', false],
    [two.repeat(3), true],
    [two.repeat(4), false],
  ])('counts characters as JSON Schema does: %j is allowed: %s', (text, isAllowed) => {
    expect(textSchema(1, 3).safeParse(text).success).toBe(isAllowed);
  });

  it.each([
    [' ', undefined],
    [' a ', 'a'],
    [' a  ', undefined],
    ['\n\t\u00a0', undefined],
  ])('is trimmed after it is counted: %j becomes %j', (text, expected) => {
    expect(trimmedTextSchema(3).safeParse(text).data).toBe(expected);
  });

  it('says its limits in its schema', () => {
    expect(z.toJSONSchema(trimmedTextSchema(3), { io: 'input' })).toMatchObject({
      type: 'string',
      minLength: 1,
      maxLength: 3,
      pattern: '\\S',
    });
  });
});
