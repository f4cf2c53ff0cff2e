import { describe, expect, it } from 'vitest';
import { cursorOf, pageLinks, placeOf, toPage } from './paging.ts';

const placeOfRow = (row: string) => [row];

describe('a page', () => {
  it('ends at the limit and returns the cursor of the next one', () => {
    const { page, next } = toPage(['a', 'b', 'c'], 2, placeOfRow);

    expect([page, placeOf(next ?? undefined, 'text')]).toEqual([['a', 'b'], ['b']]);
  });

  it('is the last one when nothing follows', () => {
    expect([toPage(['a', 'b'], 2, placeOfRow), toPage([], 2, placeOfRow)]).toEqual([
      { page: ['a', 'b'], next: null },
      { page: [], next: null },
    ]);
  });

  it('links to itself and to the next one, with the rest of the query', () => {
    expect(pageLinks('http://shop/orders?status=placed&limit=2', 'abc')).toEqual({
      self: { href: '/orders?status=placed&limit=2' },
      next: { href: '/orders?status=placed&limit=2&cursor=abc' },
    });
  });

  it('links only to itself when it is the last one', () => {
    expect(pageLinks('http://shop/orders', null)).toEqual({ self: { href: '/orders' } });
  });
});

describe('a cursor', () => {
  it('is absent on the first page', () => {
    expect(placeOf(undefined, 'text')).toBeUndefined();
  });

  it.each([
    'nonsense',
    '',
    '%%%',
    cursorOf([]),
    cursorOf([1, 2]),
    cursorOf([1.5]),
    cursorOf(['a']),
    Buffer.from('{"length":1}').toString('base64url'),
  ])('that no page returned is refused with a pointer to it: %j', (cursor) => {
    expect(() => placeOf(cursor, 'number')).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        errors: [{ pointer: '/cursor', detail: 'this is not a cursor of this store' }],
      }),
    );
  });
});
