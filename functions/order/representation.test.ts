import { describe, expect, it } from 'vitest';
import { EXAMPLE_ORDER } from '../../saga/examples.ts';
import { placeOrderSchema } from './representation.ts';

const problemsOf = (orderId: string) => {
  const items = [{ productId: 'PRODUCT_001', quantity: 1, price: 10 }];
  const { error } = placeOrderSchema.safeParse({ orderId, customerId: 'CUSTOMER_001', items });
  return error?.issues.map(({ path, message }) => `${path.join('/')} ${message}`) ?? [];
};

describe('the id of an order that a client places', () => {
  it.each([EXAMPLE_ORDER, '...', '.a', '..b', 'a..', '-', 'x'.repeat(64)])('may be %s', (orderId) => {
    expect(problemsOf(orderId)).toEqual([]);
  });

  it.each(['.', '..', 'a/b', '../a'])('is refused where it is %s', (orderId) => {
    expect(problemsOf(orderId)).toEqual(['orderId only A-Z a-z 0-9 . _ : - are allowed, and neither . nor .. alone']);
  });

  it('has 1 to 64 characters', () => {
    expect([problemsOf('').length, problemsOf('x'.repeat(65)).length]).toEqual([1, 1]);
  });
});
