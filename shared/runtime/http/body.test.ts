import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { logLines } from '../../testing/log-lines.ts';
import { createApp, readBody } from './app.ts';

const app = createApp(logLines().logger);
app.post('/', async (c) =>
  c.json(await readBody(c, z.strictObject({ name: z.string(), price: z.number().optional() }))),
);

/** Posts a body with its length, and in a stream without it; both get one answer. */
async function post(body: string | Uint8Array<ArrayBuffer>, type = 'application/json') {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  const headers = { 'content-type': type };
  const whole = await app.request('/', {
    method: 'POST',
    headers: { ...headers, 'content-length': String(bytes.length) },
    body: bytes,
  });
  const stream = new Blob([bytes]).stream();
  const streamed = await app.request('/', { method: 'POST', headers, body: stream, duplex: 'half' } as RequestInit);
  const text = await whole.text();
  expect([streamed.status, await streamed.text()]).toEqual([whole.status, text]);
  return {
    status: whole.status,
    ...(JSON.parse(text) as { name?: string; code?: string; detail?: string; errors?: object[] }),
  };
}

const name = JSON.stringify({ name: 'Müller' });
const bytes = (...parts: (string | number[])[]) =>
  Uint8Array.from(Buffer.concat(parts.map((part) => Buffer.from(part as string))));
const wide = (text: string) => Uint8Array.from(Buffer.from(text, 'utf16le'));

describe('a body', () => {
  it.each(['Müller', 'Mu\u0308ller', '\u{1F600}', '\uFFFD', '\uFFFF', '\u202E', '\ufeff'])(
    'with the text %j is read as it is',
    async (text) => {
      expect(await post(JSON.stringify({ name: text }))).toEqual({ status: 200, name: text });
    },
  );

  it('may begin with a byte order mark, which is no part of it', async () => {
    expect(await post(`\uFEFF${name}`)).toEqual({ status: 200, name: 'Müller' });
  });

  it.each([
    ['ends in the middle of a character', bytes('{"name":"', [0xc3]), 'it is ill-formed at byte 10'],
    ['is Latin-1', bytes('{"name":"M', [0xfc], 'ller"}'), 'it is ill-formed at byte 10'],
    ['has half of a surrogate pair', bytes('{"name":"', [0xed, 0xa0, 0x80], '"}'), 'it is ill-formed at byte 10'],
    ['has a form that is too long', bytes('{"name":"', [0xc1, 0xbf], '"}'), 'it is ill-formed at byte 9'],
    ['is UTF-16 with a byte order mark', wide(`\uFEFF${name}`), 'it looks like UTF-16 or UTF-32'],
  ])('that %s is refused', async (_, body, detail) => {
    expect(await post(body)).toMatchObject({
      status: 400,
      code: 'malformed_request',
      detail: `the body is not UTF-8: ${detail}`,
    });
  });

  it.each([
    ['UTF-16 without a byte order mark', wide('{"name":"x"}'), []],
    ['a name twice', '{"name":"a","name":"b"}', ['/name']],
    ['a name twice, once escaped', '{"name":"a","n\\u0061me":"b"}', ['/name']],
    ['half of a surrogate pair as an escape', '{"name":"\\ud800"}', ['/name']],
    ['U+0000', '{"name":"\\u0000"}', ['/name']],
    ['U+0000 as a byte', '{"name":"\0"}', []],
    ['10,000 levels', `{"name":${'['.repeat(10_000)}${']'.repeat(10_000)}}`, []],
  ])('with %s is refused', async (_, body, pointers) => {
    const { status, code, errors = [] } = await post(body);

    expect([status, code, errors]).toEqual([
      400,
      'malformed_request',
      pointers.map((pointer) => ({ pointer, detail: expect.any(String) })),
    ]);
  });

  it.each(['10.000000000000000001', '1e400', '9007199254740993'])('with the number %s is refused', async (price) => {
    expect(await post(`{"name":"x","price":${price}}`)).toMatchObject({
      status: 422,
      code: 'invalid_request',
      errors: [{ pointer: '/price' }],
    });
  });
});

describe('the content type', () => {
  it.each([
    'application/json',
    'Application/JSON ; Charset=UTF-8',
    'application/json; charset="utf-8"',
    'application/json; charset=utf8; version=1',
  ])('may be %s', async (type) => {
    expect((await post(name, type)).status).toBe(200);
  });

  it.each([
    ['application/json; charset=iso-8859-1', 415],
    ['application/json; charset="utf-16"', 415],
    ['application/json; charset=utf-8; charset=utf-16', 415],
    ['application/json;charset=', 415],
    ['application/json; charset', 415],
    ['application/json; charset*=latin1', 415],
    ['application/json; version=1; CHARSET=utf-32', 415],
    ['text/plain; charset=utf-8', 415],
    ['application/jsonx', 415],
    ['application/json, application/json', 400],
    ['application/json, text/plain', 400],
  ])('may not be %s', async (type, status) => {
    expect((await post(name, type)).status).toBe(status);
  });
});
