import { createHash } from 'node:crypto';
import { accepts } from 'hono/accepts';
import { type App, addPage } from './app.ts';
import { htmlHeaders } from './page-headers.ts';

export interface StartPage {
  readonly name: string;
  /** What answers here, in a sentence. */
  readonly about: string;
  /** The addresses to go on to, with what is there. */
  readonly links: readonly StartLink[];
  /** Where browsers are sent instead; without it they get a page with the links. */
  readonly browsersTo?: string;
}

export interface StartLink {
  readonly name: string;
  readonly href: string;
  readonly about: string;
}

/** What every function has beside its own addresses. */
export const healthLinks: readonly StartLink[] = [
  { name: 'livez', href: '/livez', about: 'whether the process runs' },
  { name: 'readyz', href: '/readyz', about: 'whether it can work now' },
  { name: 'metrics', href: '/metrics', about: 'figures in the text format of Prometheus' },
];

const STYLE = 'body{font:1rem/1.6 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem}';
const HTML_HEADERS = htmlHeaders(
  `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; img-src data:`,
);
/** A cache must not give a program the page of a browser. */
const VARY = { vary: 'Accept' };

/** `GET /`, the first address that is printed: a page for browsers, and the same links as JSON for all others. */
export function addStartPage(app: App, page: StartPage): void {
  const { name, about, links, browsersTo } = page;
  const _links = Object.fromEntries(links.map((link) => [link.name, { href: link.href }]));
  const json = { name, about, _links: { self: { href: '/' }, ..._links } };
  const html = htmlOf(page);
  addPage(app, '/', (c) => {
    const supports = ['application/json', 'text/html'];
    const type = accepts(c, { header: 'Accept', supports, default: 'application/json' });
    if (type !== 'text/html') return c.json(json, 200, VARY);
    if (browsersTo === undefined) return c.html(html, 200, { ...HTML_HEADERS, ...VARY });
    return c.body(null, 302, { location: browsersTo, ...VARY });
  });
}

function htmlOf({ name, about, links }: StartPage): string {
  const rows = links.map((link) => `  <li><a href="${link.href}">${link.href}</a>: ${link.about}</li>\n`);
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>${name}</title>
  <link rel="icon" href="data:,">
  <style>${STYLE}</style>
</head>
<body>
<h1>${name}</h1>
<p>${about}</p>
<ul>
${rows.join('')}</ul>
</body>
</html>
`;
}
