import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { AppError } from '../../core/errors.ts';
import { invalid, pointerTo, problemOf, problemResponse } from './problem.ts';

const schema = z.strictObject({
  items: z.array(z.strictObject({ quantity: z.int('a whole number') })),
});

function problemsOf(body: unknown) {
  const { error } = schema.safeParse(body);
  return error === undefined ? null : invalid(error, 'the body');
}

describe('a pointer', () => {
  it.each([
    [[], ''],
    [['items', 0, 'quantity'], '/items/0/quantity'],
    [['a/b', 'c~d', '~1'], '/a~1b/c~0d/~01'],
    [[''], '/'],
  ])('of %j is %j', (path, pointer) => {
    expect(pointerTo(path)).toBe(pointer);
  });
});

describe('a body that is not valid', () => {
  it('is answered with every invalid field, the first one in the detail', () => {
    const error = problemsOf({
      items: [{ quantity: 1 }, { quantity: 1.5 }, { quantity: 2, colour: 'red' }],
      gift: true,
    });

    expect([error?.message, error?.errors]).toEqual([
      'the body is not valid at /items/1/quantity: a whole number (and 2 more)',
      [
        { pointer: '/items/1/quantity', detail: 'a whole number' },
        { pointer: '/items/2/colour', detail: 'this field is not known' },
        { pointer: '/gift', detail: 'this field is not known' },
      ],
    ]);
  });

  it('is answered without a pointer when the whole body is invalid', () => {
    expect(problemsOf([])?.message).toBe('the body is not valid: Invalid input: expected object, received array');
  });
});

describe('an error', () => {
  it('is answered with its code, its status and when to retry', async () => {
    const response = problemResponse(new AppError('unavailable', 'order is stopping', { retryAfterS: 3 }), {
      'x-a': 'b',
    });

    expect([response.status, Object.fromEntries(response.headers), await response.json()]).toEqual([
      503,
      { 'content-type': 'application/problem+json', 'retry-after': '3', 'x-a': 'b' },
      {
        type: 'about:blank',
        title: 'Not available now',
        status: 503,
        detail: 'order is stopping',
        code: 'unavailable',
      },
    ]);
  });

  it('has the code and the title that its function gives it, with the status of the general code', () => {
    const own = { code: 'order_id_reused', title: 'The order id was used for another order' };

    expect(problemOf(new AppError('invalid_request', 'placed before', { own }))).toEqual({
      type: 'about:blank',
      status: 422,
      detail: 'placed before',
      ...own,
    });
  });

  it('shows nothing of itself when it is a bug', () => {
    expect(problemOf(new Error('secret at line 7'))).toEqual({
      type: 'about:blank',
      title: 'Internal error',
      status: 500,
      detail: 'the error is in the server log',
      code: 'internal',
    });
  });
});
