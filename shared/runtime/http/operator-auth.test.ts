import { describe, expect, it } from 'vitest';
import { logLines } from '../../testing/log-lines.ts';
import { createApp } from './app.ts';
import { guardOperations, operationsAccess } from './operator-auth.ts';

const token = 'open-sesame';

async function ask(env: Readonly<Record<string, string>>, authorization?: string) {
  const { logger, lines } = logLines();
  const app = createApp(logger);
  guardOperations(app, operationsAccess(env));
  app.get('/operations/order/dead-letters', (c) => c.json({ letters: [] }));
  app.get('/orders', (c) => c.json({ orders: [] }));
  app.get('/operations/broken', () => {
    throw new Error('a bug');
  });
  const headers = authorization === undefined ? {} : { authorization };
  const of = async (path: string) => app.request(path, { headers });
  const answer = await of('/operations/order/dead-letters');
  const others = [(await of('/orders')).status, (await of('/operations/broken')).status];
  return { answer, others, logged: JSON.stringify(lines) };
}

describe('the routes of operators', () => {
  it.each([
    ['without a token, when none is set', {}, undefined, 200],
    ['with a token, when none is set', {}, 'Bearer something', 200],
    ['with the token', { OPERATIONS_TOKEN: token }, `Bearer ${token}`, 200],
    ['with the token, in production', { OPERATIONS_TOKEN: token, NODE_ENV: 'production' }, `Bearer ${token}`, 200],
    ['with the token and the scheme in lower case', { OPERATIONS_TOKEN: token }, `bearer ${token}`, 200],
    ['without the token', { OPERATIONS_TOKEN: token }, undefined, 401],
    ['with another token', { OPERATIONS_TOKEN: token }, 'Bearer open-sesami', 401],
    ['with the token but no scheme', { OPERATIONS_TOKEN: token }, token, 401],
    ['in production, when no token is set', { NODE_ENV: 'production' }, 'Bearer ', 404],
  ])('%s: %j %s returns %i', async (_, env, authorization, status) => {
    const { answer, others } = await ask(env, authorization);

    expect([answer.status, others]).toEqual([status, [200, status === 200 ? 500 : status]]);
  });

  it('name the scheme they need, and never show the token', async () => {
    const { answer } = await ask({ OPERATIONS_TOKEN: token });
    const { logged } = await ask({ OPERATIONS_TOKEN: token }, `Bearer ${token}`);
    const text = await answer.text();

    expect(JSON.parse(text)).toMatchObject({ status: 401, code: 'unauthorized' });
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="operations"');
    expect(logged).toContain('a bug');
    expect([text, logged].filter((each) => each.includes(token))).toEqual([]);
  });
});
