/** Who may see the console: at its server, as a browser or another program asks for it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { createApp } from '../../../shared/runtime/http/app.ts';
import { operationsAccess } from '../../../shared/runtime/http/operator-auth.ts';
import { logLines } from '../../../shared/testing/log-lines.ts';
import { serveThings } from '../../../shared/testing/things-server.ts';
import { createGateway } from '../http.ts';
import { localUpstream } from '../upstream.ts';

const folder = mkdtempSync(join(tmpdir(), 'console-access-'));
mkdirSync(join(folder, 'assets'));
writeFileSync(join(folder, 'index.html'), '<!doctype html>');
writeFileSync(join(folder, 'assets/main-1.js'), 'run()');
afterAll(() => rmSync(folder, { recursive: true }));

type Headers = Readonly<Record<string, string>>;

/** A gateway with a console on a port of this machine. */
async function gatewayIn(env: Headers) {
  const { logger } = logLines();
  const upstreams = [localUpstream('order', createApp(logger))];
  const access = operationsAccess(env);
  const gateway = createGateway({
    ...{ upstreams, owners: { orders: 'order' }, automation: false, access, console: folder, logger },
    openapi: () => ({}),
  });
  const server = await serveThings({}, gateway);
  onTestFinished(() => server.stop());
  return (method: string, path: string, headers: Headers = {}) =>
    new Promise<{ status: number; headers: Readonly<Record<string, unknown>>; text: string }>((resolve, reject) => {
      const sent = request(new URL(path, server.url), { method, headers, agent: false }, (answer) => {
        answer
          .toArray()
          .then(
            (chunks) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: chunks.join('') }),
            reject,
          );
      });
      sent.on('error', reject).end();
    });
}

const production = { NODE_ENV: 'production' };
const paths = ['/console', '/console/orders/ORDER_001', '/console/assets/main-1.js'];

describe('the console', () => {
  it.each([
    ['while it is developed', {}],
    ['in production with a token, for the sign-in', { ...production, OPERATIONS_TOKEN: 'open-sesame' }],
  ])('is there %s', async (_, env) => {
    const ask = await gatewayIn(env);

    for (const path of paths) expect((await ask('GET', path)).status).toBe(200);
    expect(await ask('GET', '/', { accept: 'text/html' })).toMatchObject({
      status: 302,
      headers: { location: '/console' },
    });
  });

  it('is not there in production without a token, and no page leads to it', async () => {
    const ask = await gatewayIn(production);

    for (const path of paths) expect((await ask('GET', path)).status).toBe(404);
    const start = await ask('GET', '/', { accept: 'text/html' });
    expect([start.status, start.text.includes('console')]).toEqual([200, false]);
  });

  it.each(paths)('answers no name that is not its own, at %s', async (path) => {
    const ask = await gatewayIn({});

    const rebound = await ask('GET', path, { host: 'attacker.example' });
    expect([rebound.status, rebound.text]).toEqual([421, expect.stringContaining('ALLOWED_HOSTS')]);
  });

  it.each(['/console', '/operations/session'])('takes nothing from pages of other origins, at %s', async (path) => {
    const ask = await gatewayIn({ OPERATIONS_TOKEN: 'open-sesame' });

    for (const headers of [{ origin: 'http://attacker.example' }, { 'sec-fetch-site': 'cross-site' }]) {
      const answers = [await ask('POST', path, headers), await ask('DELETE', path, headers)];
      expect(answers.map(({ status }) => status)).toEqual([403, 403]);
      const read = await ask('GET', path, headers);
      expect(read.headers).not.toHaveProperty('access-control-allow-origin');
    }
  });

  it('says to the browser that nothing else may run in it, or show it', async () => {
    const ask = await gatewayIn({});

    expect((await ask('GET', '/console')).headers).toMatchObject({
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; " +
        "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-cache',
    });
  });
});
