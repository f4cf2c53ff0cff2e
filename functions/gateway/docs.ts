import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type App, addPage } from '../../shared/runtime/http/app.ts';
import { htmlHeaders, NO_SNIFF } from '../../shared/runtime/http/page-headers.ts';

const FILES: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css',
  'swagger-ui-bundle.js': 'text/javascript',
};
const CACHED = { 'cache-control': 'public, max-age=86400', ...NO_SNIFF };
const PAGE_HEADERS = htmlHeaders("default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:");

const PAGE = `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>saga-store API</title>
  <link rel="icon" href="data:,">
  <link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
  <div id="docs"></div>
  <script src="/docs/swagger-ui-bundle.js"></script>
  <script src="/docs/start.js"></script>
</body>
</html>
`;
const START = "SwaggerUIBundle({ url: '/openapi.json', dom_id: '#docs', deepLinking: true, tryItOutEnabled: true });\n";

/** The documentation of the API: a page that loads nothing from other hosts, and the OpenAPI document it shows. */
export function addDocs(app: App, openapi: () => object): void {
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  addPage(app, '/openapi.json', (c) => c.json(openapi()));
  for (const path of ['/docs', '/docs/']) addPage(app, path, (c) => c.html(PAGE, 200, PAGE_HEADERS));
  addPage(app, '/docs/start.js', (c) => c.body(START, 200, { 'content-type': 'text/javascript', ...CACHED }));
  for (const [file, type] of Object.entries(FILES)) {
    addPage(app, `/docs/${file}`, async (c) =>
      c.body(await readFile(join(folder, file)), 200, { 'content-type': type, ...CACHED }),
    );
  }
}
