import { describe, expect, it } from 'vitest';
import { AppError } from '../../core/errors.ts';
import { parseAuthority } from './authority.ts';
import { HostCheck } from './host-check.ts';

/** What a server answers to, by the code of its refusal. */
function codes(
  boundTo: string,
  host: string,
  allowed: string,
  names: readonly string[],
  ownNames: readonly string[] = [],
) {
  const authorities = allowed.split(' ').flatMap((each) => parseAuthority(each) ?? []);
  const check = new HostCheck({ boundTo, host, allowed: authorities, ownNames });
  return names.map((name) => {
    const answer = check.look(name);
    return answer instanceof AppError ? answer.code : 'answers';
  });
}

const strangers = ['evil.example', '192.168.0.1:8900', '0.0.0.0:8900', 'localhost.evil.example'];
const own = ['localhost:8900', '127.0.0.1', '127.8.9.1:1', '[::1]:8900', 'LOCALHOST', 'localhost.', 'shop.localhost'];

describe.each([
  ['127.0.0.1', '127.0.0.1'],
  ['::1', 'localhost'],
  ['::ffff:127.0.0.1', 'localhost'],
])('a server on %s', (boundTo, host) => {
  it('answers to names of this machine only', () => {
    expect(codes(boundTo, host, '', own)).toEqual(own.map(() => 'answers'));
    expect(codes(boundTo, host, '', strangers, ['order'])).toEqual(strangers.map(() => 'misdirected_request'));
  });

  it('answers to names that are allowed, and to their port where one is given', () => {
    const names = [
      'shop.example',
      'Shop.Example.:1',
      'api.example:8900',
      'api.example',
      'api.example:80',
      'a.shop.example',
    ];

    expect(codes(boundTo, host, 'shop.example api.example:8900', names)).toEqual([
      'answers',
      'answers',
      'answers',
      'misdirected_request',
      'misdirected_request',
      'misdirected_request',
    ]);
    expect(codes(boundTo, host, 'shop.example:80', ['shop.example', 'shop.example:81'])).toEqual([
      'answers',
      'misdirected_request',
    ]);
  });
});

it('a server on this machine answers to the name by which it was bound', () => {
  expect(codes('127.0.1.1', 'Desk', '', ['desk:8900', 'table'])).toEqual(['answers', 'misdirected_request']);
});

describe('a server that other machines reach', () => {
  it('answers to any name, unless some are allowed', () => {
    expect(codes('0.0.0.0', '0.0.0.0', '', [...own, ...strangers])).toEqual(
      [...own, ...strangers].map(() => 'answers'),
    );
    expect(codes('0.0.0.0', '0.0.0.0', 'shop.example', ['shop.example:8900', ...strangers])).toEqual([
      'answers',
      ...strangers.map(() => 'misdirected_request'),
    ]);
  });

  it('answers to names of this machine for health checks, and to its own for the gateway', () => {
    expect(codes('::', '::', 'shop.example', [...own, 'order:8902', 'inventory:8901'], ['order'])).toEqual([
      ...own.map(() => 'answers'),
      'answers',
      'misdirected_request',
    ]);
  });
});

it('a host that cannot be read is a malformed request, however often it comes', () => {
  const names = ['', 'a b', 'localhost:x', 'localhost:x'];

  expect(codes('0.0.0.0', '0.0.0.0', '', names)).toEqual(names.map(() => 'malformed_request'));
});
