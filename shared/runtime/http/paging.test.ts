import { z } from '@hono/zod-openapi';
import { describe, expect, it } from 'vitest';
import { cursorOf, pageLinks, pageQuery, placeOf, toPage } from './paging.ts';

const list = { name: 'stock', filters: { colour: 'red' } };
const placeOfRow = (row: string) => [row];

describe('a page', () => {
  it('ends at the limit and returns the cursor of the next one', () => {
    const { page, next } = toPage(['a', 'b', 'c'], 2, list, placeOfRow);

    expect([page, placeOf(next ?? undefined, list, 'text')]).toEqual([['a', 'b'], ['b']]);
  });

  it('is the last one when nothing follows', () => {
    expect([toPage(['a', 'b'], 2, list, placeOfRow), toPage([], 2, list, placeOfRow)]).toEqual([
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
  const ofStock = cursorOf(list, ['b']);
  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const decoded = (cursor: string) => JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
  const refused = expect.objectContaining({
    code: 'invalid_request',
    errors: [
      {
        pointer: '/cursor',
        detail: 'this is not a cursor of this list with these filters; take one from the links of its pages, as it is',
      },
    ],
  });

  it('is said to be wrong where it stands, in the query or in the body', () => {
    expect(() => placeOf('none', list, 'text')).toThrow('the query is not valid at /cursor: ');
    expect(() => placeOf('none', list, 'text', 'the body')).toThrow('the body is not valid at /cursor: ');
  });

  it('is absent on the first page', () => {
    expect(placeOf(undefined, list, 'text')).toBeUndefined();
  });

  it('is the same after every start, whatever the order of the filters', () => {
    expect(cursorOf({ name: 'orders', filters: { status: 'placed', customerId: 'C' } }, [7])).toBe(
      'WyJiNjRlN2Y2N2JlZDMiLDdd',
    );
    expect(cursorOf({ name: 'orders', filters: { customerId: 'C', status: 'placed' } }, [7])).toBe(
      'WyJiNjRlN2Y2N2JlZDMiLDdd',
    );
  });

  it.each([
    'nonsense',
    '',
    '%%%',
    encoded([]),
    encoded([1, 2]),
    encoded(['b']),
    encoded({ length: 2 }),
    encoded([...decoded(ofStock).slice(0, 1), 'c']),
    encoded([...decoded(ofStock), 'c']),
    `${ofStock}!`,
    ` ${ofStock}`,
    `${ofStock}=`,
    cursorOf(list, [1]),
    cursorOf(list, []),
  ])('that no page returned is refused with a pointer to it: %j', (cursor) => {
    expect(() => placeOf(cursor, list, 'text')).toThrow(refused);
  });

  it.each([
    ['another list', { name: 'products', filters: { colour: 'red' } }],
    ['other filters', { name: 'stock', filters: { colour: 'blue' } }],
    ['more filters', { name: 'stock', filters: { colour: 'red', size: 'L' } }],
    ['fewer filters', { name: 'stock' }],
  ])('of %s is refused', (_, other) => {
    expect(() => placeOf(cursorOf(other, ['b']), list, 'text')).toThrow(refused);
  });

  it('fits where a filter is undefined and where it is left out', () => {
    const undefinedToo = { name: 'stock', filters: { colour: 'red', size: undefined } };

    expect(placeOf(ofStock, undefinedToo, 'text')).toEqual(['b']);
  });
});

describe('the limit of a page', () => {
  const limitOf = (limit?: string) => z.object(pageQuery).safeParse({ limit }).data?.limit;

  it.each([
    [undefined, 50],
    ['1', 1],
    ['200', 200],
  ])('%j is %j', (limit, expected) => {
    expect(limitOf(limit)).toBe(expected);
  });

  it.each(['', '0', '201', '-1', '1.0', '1e1', '+5', ' 5', '5 ', '0x5', '05', '５', '1_0', 'many'])(
    'is not %j',
    (limit) => {
      expect(limitOf(limit)).toBeUndefined();
    },
  );
});
