import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ConfigError } from '../../core/errors.ts';
import { defaultHttpOptions, httpOptionsOf, httpSettings } from './settings.ts';

const schema = z.object(httpSettings);

describe('the settings of HTTP', () => {
  it('allow no other host and no page by default, and have the timeouts of node', () => {
    expect(defaultHttpOptions).toEqual({
      allowedHosts: [],
      corsOrigins: new Set(),
      keepAliveMs: 5_000,
      headersTimeoutMs: 60_000,
      requestTimeoutMs: 300_000,
    });
  });

  it('list hosts and origins with commas or spaces between them', () => {
    const { ALLOWED_HOSTS, CORS_ORIGINS } = schema.parse({
      ALLOWED_HOSTS: 'Shop.Example, api.example:8900 ,[::2]:1  fe80::1,',
      CORS_ORIGINS: 'https://shop.example:443,HTTP://localhost:3000',
    });

    expect(ALLOWED_HOSTS.map(({ name, port }) => [name, port])).toEqual([
      ['shop.example', null],
      ['api.example', 8900],
      ['[::2]', 1],
      ['[fe80::1]', null],
    ]);
    expect(CORS_ORIGINS).toEqual(['https://shop.example', 'http://localhost:3000']);
  });

  it.each([
    ['CORS_ORIGINS', '*', '"*" is not one'],
    ['CORS_ORIGINS', 'null', '"null" is not one'],
    ['CORS_ORIGINS', 'https://a.example https://b.example/', '"https://b.example/" is not one'],
    ['CORS_ORIGINS', 'shop.example', '"shop.example" is not one'],
    ['ALLOWED_HOSTS', '*', '"*" is not one'],
    ['ALLOWED_HOSTS', '*.example', '"*.example" is not one'],
    ['ALLOWED_HOSTS', 'https://shop.example', '"https://shop.example" is not one'],
    ['ALLOWED_HOSTS', 'shop.example:99999', '"shop.example:99999" is not one'],
  ])('refuse %s=%s and name what is wrong', (setting, value, detail) => {
    const { error } = schema.safeParse({ [setting]: value });

    expect(error?.issues.map(({ path, message }) => [path, message])).toEqual([
      [[setting], expect.stringMatching(/^must list /)],
    ]);
    expect(error?.issues[0]?.message).toContain(detail);
  });

  it.each([
    ['HTTP_KEEP_ALIVE_MS', '0'],
    ['HTTP_HEADERS_TIMEOUT_MS', 'soon'],
    ['HTTP_REQUEST_TIMEOUT_MS', '-1'],
  ])('refuse %s=%s', (setting, value) => {
    expect(schema.safeParse({ [setting]: value }).error?.issues[0]?.path).toEqual([setting]);
  });

  it('refuse a header that may take longer than its request', () => {
    const options = () =>
      httpOptionsOf(schema.parse({ HTTP_HEADERS_TIMEOUT_MS: '2000', HTTP_REQUEST_TIMEOUT_MS: '1000' }));

    expect(options).toThrow(ConfigError);
    expect(options).toThrow(
      'HTTP_HEADERS_TIMEOUT_MS: is 2000 and must not be longer than HTTP_REQUEST_TIMEOUT_MS, which is 1000',
    );
  });
});
