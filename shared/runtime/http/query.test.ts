import { z } from '@hono/zod-openapi';
import { describe, expect, it } from 'vitest';
import { logLines } from '../../testing/log-lines.ts';
import { addPath, createApp, readQuery } from './app.ts';

const app = createApp(logLines().logger);
const query = z.strictObject({ colour: z.string().min(1).optional(), size: z.string().optional() });
const handler = () => new Response('ok');
addPath(app, 'Things', '/things', {
  get: { summary: 'List', request: { query }, responses: {}, handler: (c) => c.json(readQuery(c, query)) },
  post: { summary: 'Add', responses: {}, takesBody: false, handler },
});
addPath(app, 'Things', '/things/{thing}', {
  get: { summary: 'Get', responses: {}, handler: (c) => c.json({ thing: c.req.param('thing') }) },
});
app.all('/forwarded/*', handler);

async function ask(method: string, path: string) {
  const response = await app.request(path, { method });
  const text = await response.text();
  if (response.status === 200) return method === 'GET' ? JSON.parse(text) : text;
  const { code, errors = [] } = JSON.parse(text) as { code: string; errors?: { pointer: string }[] };
  return [response.status, code, ...errors.map(({ pointer }) => pointer)];
}

describe('a query', () => {
  it.each([
    ['/things', {}],
    ['/things?', {}],
    ['/things?&&', {}],
    ['/things?colour=r%C3%BCd&size=a+b', { colour: 'rüd', size: 'a b' }],
    ['/things?colour=a%26b%3Dc', { colour: 'a&b=c' }],
    ['/things?colour=u%CC%88', { colour: 'u\u0308' }],
    ['/things?colour=%EF%BF%BD', { colour: '\uFFFD' }],
    ['/things?size=', { size: '' }],
  ])('%s has these values', async (path, expected) => {
    expect(await ask('GET', path)).toEqual(expected);
  });

  it.each([
    ['GET', '/things?colour=red&colour=red', '/colour'],
    ['GET', '/things?colour=red&size=L&colour=blue', '/colour'],
    ['GET', '/things?colour=red&col%6Fur=blue', '/colour'],
    ['GET', '/things?colour=1&colour=2&size=1&size=2', '/colour', '/size'],
    ['GET', '/things?color=red', '/color'],
    ['GET', '/things?colour=red&Size=L', '/Size'],
    ['GET', '/things?colour', '/colour'],
    ['GET', '/things?=red', '/'],
    ['GET', '/things?__proto__=x', '/__proto__'],
    ['HEAD', '/things/a?size=L'],
    ['GET', '/things/a?size=L', '/size'],
    ['GET', '/things/a?a/b=1&a/b=2', '/a~1b'],
    ['POST', '/things?colour=red', '/colour'],
  ])('of %s %s is refused, with a pointer to each parameter', async (method, path, ...pointers) => {
    const expected = [422, 'invalid_request', ...pointers];
    if (method === 'HEAD') expect((await app.request(path, { method })).status).toBe(422);
    else expect(await ask(method, path)).toEqual(expected);
  });
});

describe('a request target', () => {
  it('may be escaped', async () => {
    expect(await ask('GET', '/things/%C3%BC%2F%F0%9F%98%80')).toEqual({ thing: 'ü/\u{1F600}' });
  });

  it.each([
    ['GET', '/things/%FF'],
    ['GET', '/things/%ED%A0%80'],
    ['GET', '/things/%C0%AF'],
    ['GET', '/things/%C3'],
    ['GET', '/things/%zz'],
    ['GET', '/things/a%'],
    ['GET', '/things/a%00b'],
    ['GET', '/things?colour=%FF'],
    ['GET', '/things?colour=%00'],
    ['GET', '/things?colour=%C3&size=%BC'],
    ['GET', '/things?%FF=1'],
    ['POST', '/things?%zz'],
    ['DELETE', '/things/%FF'],
    ['GET', '/nowhere/%FF'],
    ['POST', '/forwarded/%FF'],
  ])('%s %s is refused at every path', async (method, path) => {
    expect(await ask(method, path)).toEqual([400, 'malformed_request']);
  });
});

it('what is wrong with a query is said plainly', async () => {
  const details = async (path: string) => {
    const { detail } = (await (await app.request(path)).json()) as { readonly detail: string };
    return detail;
  };

  expect(await details('/things?color=red')).toBe('the query is not valid at /color: this parameter is not known');
  expect(await details('/things?colour=')).toBe('the query is not valid at /colour: must not be empty');
});

describe('a change that takes no body', () => {
  const post = (body?: string, type = 'application/json') =>
    app.request('/things', {
      method: 'POST',
      ...(body === undefined ? {} : { body, headers: { 'content-type': type } }),
    });

  it.each([undefined, '', '{}', ' {} '])('is done with %j', async (body) => {
    expect((await post(body)).status).toBe(200);
  });

  it.each([
    ['{', 'application/json', 400],
    ['{"a":1,"a":1}', 'application/json', 400],
    ['{"reason":"x"}', 'application/json', 422],
    ['[]', 'application/json', 422],
    ['{}', 'text/plain', 415],
    ['{}', 'application/json; charset=latin1', 415],
  ])('is refused with %s as %s', async (body, type, status) => {
    expect((await post(body, type)).status).toBe(status);
  });
});
