import { describe, expect, it } from 'vitest';
import { CachingRouter } from './caching-router.ts';

const routes = [
  ['ALL', '*', 'every'],
  ['GET', '/orders', 'list'],
  ['ALL', '/orders', 'refuse'],
  ['GET', '/orders/:orderId', 'one'],
  ['ALL', '/stock/*', 'forward'],
  ['GET', '/letters/groups', 'groups'],
  ['GET', '/letters/:letter', 'letter'],
] as const;

function routerOf(added: readonly (readonly [string, string, string])[] = routes) {
  const router = new CachingRouter<string>();
  for (const [method, path, handler] of added) router.add(method, path, handler);
  return router;
}

/** The handlers in order, each with its path parameters. */
function asked(router: CachingRouter<string>, method: string, path: string) {
  return router.match(method, path)[0].map(([handler, params]) => [handler, { ...params }]);
}

describe('the paths of an app', () => {
  it.each([
    ['GET', '/orders', ['every', 'list', 'refuse']],
    ['POST', '/orders', ['every', 'refuse']],
    ['PUT', '/stock', ['every', 'forward']],
    ['GET', '/stock/LAMP', ['every', 'forward']],
    ['GET', '/letters/groups', ['every', 'groups', 'letter']],
    ['GET', '/nowhere', ['every']],
  ])('%s %s has the same handlers the first time and every other time', (method, path, expected) => {
    const router = routerOf();

    const first = asked(router, method, path);

    expect(first.map(([handler]) => handler)).toEqual(expected);
    expect(asked(router, method, path)).toEqual(first);
  });

  it('do not pass parameters of one request to the next', () => {
    const router = routerOf();

    const named = ['A', 'B'].map((orderId) => asked(router, 'GET', `/orders/${orderId}`).at(-1));

    expect(named).toEqual([
      ['one', { orderId: 'A' }],
      ['one', { orderId: 'B' }],
    ]);
  });

  it('are searched once without parameters, and each time with parameters', () => {
    const router = routerOf();
    const isCached = (path: string) => {
      const first = router.match('GET', path);
      return router.match('GET', path) === first;
    };

    expect(['/orders', '/stock', '/letters/groups', '/orders/A', '/stock/LAMP', '/nowhere'].map(isCached)).toEqual([
      ...[true, true, true],
      ...[false, false, false],
    ]);
  });

  it('can be extended after the first request', () => {
    const router = routerOf([['GET', '/orders', 'list']]);
    router.match('POST', '/orders');

    router.add('POST', '/orders', 'place');

    expect(asked(router, 'POST', '/orders')).toEqual([['place', {}]]);
  });
});
