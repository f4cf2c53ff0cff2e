import { describe, expect, it } from 'vitest';
import { foreignOrigin } from './origin-check.ts';

const OWN = 'http://127.0.0.1:8900';
const LISTED = 'https://shop.example';

function codeFor(method: string, origin?: string, site?: string) {
  const headers = {
    ...(origin === undefined ? {} : { origin }),
    ...(site === undefined ? {} : { 'sec-fetch-site': site }),
  };
  return foreignOrigin(method, headers, OWN, new Set([LISTED]))?.code ?? 'passes';
}

describe('a request that may change something', () => {
  it.each([
    ['a program, which names no page', undefined, undefined],
    ['a page of this address', OWN, undefined],
    ['a page of this address', OWN, 'same-origin'],
    ['a page of this address, in other letters', 'HTTP://127.0.0.1:8900', undefined],
    ['the user', undefined, 'none'],
    ['a page of this address that names no origin', undefined, 'same-origin'],
    ['a listed page', LISTED, undefined],
    ['a listed page', LISTED, 'cross-site'],
  ])('passes from %s (%s, %s)', (_, origin, site) => {
    expect(['POST', 'PUT', 'PATCH', 'DELETE', 'TRACE'].map((method) => codeFor(method, origin, site))).toEqual([
      'passes',
      'passes',
      'passes',
      'passes',
      'passes',
    ]);
  });

  it.each([
    ['http://evil.example', undefined],
    ['http://evil.example', 'same-origin'],
    ['null', undefined],
    ['', undefined],
    ['http://127.0.0.1', undefined],
    ['http://127.0.0.1:8901', 'same-site'],
    ['https://127.0.0.1:8900', undefined],
    ['http://localhost:8900', undefined],
    ['http://127.0.0.1:8900.', undefined],
    ['http://127.0.0.1:8900/', undefined],
    [`${OWN}, http://evil.example`, undefined],
    ['http://shop.example', undefined],
    ['https://shop.example.evil.example', undefined],
    ['https://a.shop.example', undefined],
    [undefined, 'cross-site'],
    [undefined, 'same-site'],
    [undefined, 'same-origin, cross-site'],
    [OWN, 'cross-site'],
    [OWN, 'same-site'],
  ])('is refused from %j, %j', (origin, site) => {
    expect(['POST', 'PUT', 'PATCH', 'DELETE'].map((method) => codeFor(method, origin, site))).toEqual([
      'forbidden_origin',
      'forbidden_origin',
      'forbidden_origin',
      'forbidden_origin',
    ]);
  });
});

it('a request that only reads passes from any page', () => {
  const answers = ['GET', 'HEAD', 'OPTIONS'].map((method) => codeFor(method, 'http://evil.example', 'cross-site'));

  expect(answers).toEqual(['passes', 'passes', 'passes']);
});
