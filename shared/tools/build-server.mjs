/**
 * Builds the program of the store into one file, `dist/server/store.cjs`, with its packages: a start reads one file instead of
 * six hundred. What it imports later is a file of its own. Outside are the package with a native part, and those that a start does
 * not need. Run by the build, and by the image's.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Messages of zod in fifty languages; its own default is the one that is left. */
const ownLanguage = {
  name: 'own-language',
  enforce: 'pre',
  resolveId: (id, importer = '') =>
    /\/zod\/v4\//.test(importer) && id.endsWith('/locales/index.js')
      ? join(root, 'node_modules/zod/v4/locales/en.js')
      : null,
};

await build({
  root,
  configFile: false,
  logLevel: 'warn',
  publicDir: false,
  plugins: [ownLanguage],
  ssr: { noExternal: true, external: ['better-sqlite3', 'kafkajs', 'swagger-ui-dist'] },
  build: {
    ssr: 'functions/program.ts',
    outDir: 'dist/server',
    emptyOutDir: true,
    target: 'node20',
    sourcemap: true,
    rolldownOptions: {
      output: {
        format: 'cjs',
        entryFileNames: 'store.cjs',
        chunkFileNames: '[name].cjs',
        // Names stay, for stacks.
        minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
      },
    },
  },
});
