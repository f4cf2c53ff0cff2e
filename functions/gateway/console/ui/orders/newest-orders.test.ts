import { describe, expect, it } from 'vitest';
import type { OrderBody } from '../../../../order/representation.ts';
import { type OrderPage, withNewest, withOlder } from './newest-orders.ts';

const order = (orderId: string, status = 'placed') => ({ orderId, status }) as OrderBody;
const page = (ids: string, next: string | null): OrderPage => ({
  orders: [...ids].map((id) => order(id)),
  _links: next === null ? {} : { next: { href: next } },
});
const known = (ids: string, next: string | null) => ({ orders: [...ids].map((id) => order(id, 'old')), next });
const shown = (list: ReturnType<typeof withNewest>) =>
  list === null ? null : `${list.orders.map(({ orderId }) => orderId).join('')} ${list.next}`;

describe('a list of orders that is read again from its begin', () => {
  it.each([
    ['has new ones in front', known('CBA', '/2'), page('EDC', '/x'), 'EDCBA /2'],
    ['loses those that match no longer', known('DCBA', '/2'), page('DB', '/x'), 'DBA /2'],
    ['is whole where the first page is', known('BA', null), page('CBA', null), 'CBA null'],
    ['is empty where nothing is left', known('BA', null), page('', null), ' null'],
    ['is not known where it does not reach the known ones', known('BA', '/2'), page('FED', '/x'), null],
  ])('%s', (_, before, newest, after) => {
    expect(shown(withNewest(before, newest))).toBe(after);
  });

  it('shows the newest status', () => {
    const { orders = [] } = withNewest(known('BA', null), page('B', '/x')) ?? {};
    expect(orders.map(({ status }) => status)).toEqual(['placed', 'old']);
  });

  it('has each order once when a page is added', () => {
    expect(shown(withOlder(known('DC', '/2'), '/2', page('CBA', null)))).toBe('DCBA null');
  });

  it('takes no page that was asked for before it began anew: those between are not known', () => {
    expect(shown(withOlder(known('JI', '/3'), '/2', page('BA', null)))).toBe('JI /3');
  });
});
