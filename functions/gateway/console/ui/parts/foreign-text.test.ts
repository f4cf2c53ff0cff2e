import { describe, expect, it } from 'vitest';
import { foreignText } from './foreign-text.ts';

describe('text from outside', () => {
  it.each([
    ['PRODUCT_001', 'PRODUCT_001'],
    ['Grüße 👍', 'Grüße 👍'],
    ['a\u202eb', 'a\\u202eb'],
    ['a\u001b[31m', 'a\\u001b[31m'],
    ['a\nb', 'a\\u000ab'],
  ])('%j is shown as %j', (text, shown) => {
    expect(foreignText(text)).toBe(shown);
  });

  it('keeps its lines where they are wanted, and is cut where it is too long', () => {
    expect(foreignText('a\n\tb', { keepsLines: true })).toBe('a\n\tb');
    expect(foreignText('abcdef', { max: 2 })).toBe('ab … 4 more');
  });
});
