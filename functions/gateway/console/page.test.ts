import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { createApp } from '../../../shared/runtime/http/app.ts';
import { createLogger } from '../../../shared/runtime/observe/logger.ts';
import { addConsole } from './page.ts';

const folder = mkdtempSync(join(tmpdir(), 'console-'));
mkdirSync(join(folder, 'assets'));
writeFileSync(join(folder, 'index.html'), '<!doctype html>');
writeFileSync(join(folder, 'assets/main-1.js'), 'run()');
writeFileSync(join(folder, 'assets/main-1.js.gz'), gzipSync('run()'));
afterAll(() => rmSync(folder, { recursive: true }));

const { logger } = createLogger('silent');
const app = createApp(logger);
const isThere = addConsole(app, folder);
const get = (path: string, headers = {}) => app.request(path, { headers });

describe('the console', () => {
  it.each(['/console', '/console/', '/console/orders/ORDER_001?m=1'])('has its page at %s', async (path) => {
    const answer = await get(path);

    expect([isThere, answer.status, await answer.text()]).toEqual([true, 200, '<!doctype html>']);
    expect(answer.headers.get('cache-control')).toBe('no-cache');
    expect(answer.headers.get('content-security-policy')).toContain("require-trusted-types-for 'script'");
  });

  it('sends its assets, compressed for who takes them so', async () => {
    const plain = await get('/console/assets/main-1.js');
    const compressed = await get('/console/assets/main-1.js', { 'accept-encoding': 'gzip, br' });

    expect(await plain.text()).toBe('run()');
    expect(plain.headers.get('content-encoding')).toBe(null);
    expect(compressed.headers.get('content-encoding')).toBe('gzip');
    expect(gunzipSync(await compressed.arrayBuffer()).toString()).toBe('run()');
    expect(plain.headers.get('content-type')).toBe('text/javascript');
    expect(plain.headers.get('cache-control')).toContain('immutable');
  });

  it.each(['other.js', 'main-1.js.gz', '..%2findex.html', '%2e%2e%2findex.html'])('has no file %s', async (name) => {
    const answer = await get(`/console/assets/${name}`);

    expect(answer.status).toBe(404);
  });

  it('is only read', async () => {
    expect((await app.request('/console', { method: 'POST' })).status).toBe(405);
  });

  it('is not there where it is not built', () => {
    expect(addConsole(createApp(logger), join(folder, 'none'))).toBe(false);
  });
});
