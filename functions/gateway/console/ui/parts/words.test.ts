import { describe, expect, it } from 'vitest';
import { awayText, listed } from './words.ts';

describe('names in a sentence', () => {
  it.each([
    [['order'], 'order'],
    [['order', 'inventory'], 'order and inventory'],
    [['order', 'inventory', 'notification'], 'order, inventory and notification'],
    [['a\u202eb'], 'a\\u202eb'],
  ])('%j are %s', (names, text) => {
    expect(listed(names)).toBe(text);
  });

  it('of functions that do not answer have a verb that fits', () => {
    expect([awayText(['order']), awayText(['order', 'inventory'])]).toEqual([
      'order does not answer',
      'order and inventory do not answer',
    ]);
  });
});
