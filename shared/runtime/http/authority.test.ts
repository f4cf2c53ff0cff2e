import { describe, expect, it } from 'vitest';
import { isLoopbackAddress, isLoopbackName, parseAuthority, parseOrigin } from './authority.ts';

describe('a host', () => {
  it.each([
    ['shop.example', 'shop.example', null, 'http://shop.example'],
    ['Shop.Example:8900', 'shop.example', 8900, 'http://shop.example:8900'],
    ['shop.example:80', 'shop.example', 80, 'http://shop.example'],
    ['shop.example:', 'shop.example', null, 'http://shop.example'],
    ['shop.example.', 'shop.example', null, 'http://shop.example.'],
    ['[::1]:8900', '[::1]', 8900, 'http://[::1]:8900'],
    ['[0:0:0:0:0:0:0:1]', '[::1]', null, 'http://[::1]'],
    ['127.1', '127.0.0.1', null, 'http://127.0.0.1'],
    ['order', 'order', null, 'http://order'],
  ])('is read from %s', (text, name, port, origin) => {
    expect(parseAuthority(text)).toMatchObject({ name, port, origin });
  });

  it.each([
    '',
    ' ',
    'a b',
    'a,b',
    '::1',
    '[::1',
    '[x]',
    'a:b',
    'a:99999',
    '999.1.1.1',
    'me@a',
    'a/b',
    'http://a',
    'a?b',
    'é',
  ])('is not read from %j', (text) => {
    expect(parseAuthority(text)).toBeNull();
  });
});

describe('a name of this machine', () => {
  it.each([
    'localhost',
    'localhost.',
    'LOCALHOST',
    'a.localhost',
    '127.0.0.1',
    '127.255.0.9',
    '[::1]',
    '[::ffff:127.0.0.1]',
  ])('is %s', (text) => {
    expect(isLoopbackName(parseAuthority(text)?.name ?? '')).toBe(true);
  });

  it.each([
    'localhost.example',
    'xlocalhost',
    '127.0.0.1.example',
    '128.0.0.1',
    '0.0.0.0',
    '[::]',
    '[::2]',
    '10.0.0.1',
    'order',
  ])('is not %s', (text) => {
    expect(isLoopbackName(parseAuthority(text)?.name ?? '')).toBe(false);
  });

  it('has an address of the loopback interface', () => {
    const addresses = ['127.0.0.1', '::1', '::ffff:127.0.0.1', '0.0.0.0', '::', '192.168.0.1', 'fe80::1'];

    expect(addresses.map(isLoopbackAddress)).toEqual([true, true, true, false, false, false, false]);
  });
});

describe('an origin', () => {
  it.each([
    ['http://a.example', 'http://a.example'],
    ['HTTP://A.example:80', 'http://a.example'],
    ['https://a.example:443', 'https://a.example'],
    ['http://a.example:443', 'http://a.example:443'],
    ['http://[::1]:3000', 'http://[::1]:3000'],
    ['null', null],
    ['*', null],
    ['', null],
    ['a.example', null],
    ['http://a.example/', null],
    ['http://a.example/path', null],
    ['http://me@a.example', null],
    ['http://*.example', null],
    ['ftp://a.example', null],
    ['http://a.example, http://b.example', null],
    ['http://a:99999', null],
  ])('of %j is %j', (text, origin) => {
    expect(parseOrigin(text)).toBe(origin);
  });
});
