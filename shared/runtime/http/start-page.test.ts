import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { logLines } from '../../testing/log-lines.ts';
import { createApp } from './app.ts';
import { addStartPage } from './start-page.ts';

const app = createApp(logLines().logger);
addStartPage(app, { name: 'shop', about: 'A shop.', links: [{ name: 'docs', href: '/docs', about: 'how to' }] });

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

async function start(accept?: string) {
  const response = await app.request('/', accept === undefined ? {} : { headers: { accept } });
  const [type] = (response.headers.get('content-type') ?? '').split(';');
  return { type, headers: response.headers, text: await response.text() };
}

describe('the start page', () => {
  it('is a page with links for a browser, which loads nothing and which no other page may frame', async () => {
    const { type, headers, text } = await start(BROWSER);
    const policy = headers.get('content-security-policy') ?? '';
    const [, style = ''] = /<style>(.*)<\/style>/s.exec(text) ?? [];

    expect(type).toBe('text/html');
    expect([...text.matchAll(/href="([^"]*)"/g)].map(([, href]) => href)).toEqual(['data:,', '/docs']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain(`'sha256-${createHash('sha256').update(style).digest('base64')}'`);
    expect([headers.get('x-content-type-options'), headers.get('referrer-policy')]).toEqual(['nosniff', 'no-referrer']);
  });

  it.each([undefined, '*/*', 'application/json', 'application/json, text/html;q=0.5', 'text/html;q=0', 'image/png'])(
    'is JSON with the same links for whoever accepts %s',
    async (accept) => {
      const { type, headers, text } = await start(accept);

      expect([type, headers.get('vary')]).toEqual(['application/json', 'Accept']);
      expect(JSON.parse(text)).toEqual({
        name: 'shop',
        about: 'A shop.',
        _links: { self: { href: '/' }, docs: { href: '/docs' } },
      });
    },
  );
});
