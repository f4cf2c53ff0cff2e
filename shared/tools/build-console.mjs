/** Builds the console: the browser's part of the gateway, into `dist/console`. Run by the build, and by the image's. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const root = fileURLToPath(new URL('../../', import.meta.url));
const outDir = join(root, 'dist/console');
/** Smaller files gain nothing. */
const GZIP_MIN_BYTES = 1024;

await build({
  root: join(root, 'functions/gateway/console/ui'),
  configFile: false,
  base: '/console/',
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir,
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    // The policy of the pages allows no script in them, and browsers that know the console's syntax need no polyfill.
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});

// Compressed once here, not for each browser.
const assets = join(outDir, 'assets');
for (const name of readdirSync(assets)) {
  const bytes = readFileSync(join(assets, name));
  if (bytes.length >= GZIP_MIN_BYTES) writeFileSync(join(assets, `${name}.gz`), gzipSync(bytes, { level: 9 }));
}
