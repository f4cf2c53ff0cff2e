import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { AppError } from '../../../shared/core/errors.ts';
import { type App, type AppContext, addPage, addRoute } from '../../../shared/runtime/http/app.ts';
import { NO_SNIFF } from '../../../shared/runtime/http/page-headers.ts';

/** Scripts and styles come from this host alone, and no script can turn text into markup. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');
const PAGE_HEADERS = {
  'content-security-policy': POLICY,
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
  ...NO_SNIFF,
};
/** The names of assets hold a hash of what is in them. */
const ASSET_HEADERS = { 'cache-control': 'public, max-age=31536000, immutable', vary: 'Accept-Encoding', ...NO_SNIFF };
const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

/**
 * The console: one HTML page under every path of `/console`, and its assets, as they lie in `folder` after the build.
 *
 * @returns false where the folder is not there, as in a program that runs from its sources; nothing is added then
 */
export function addConsole(app: App, folder: string): boolean {
  const assets = namesIn(join(folder, 'assets'));
  if (assets === null) return false;
  addPage(app, '/console/assets/:name', (c) => sendAsset(c, folder, assets));
  // The pages keep their state in the query.
  const page = async (c: AppContext) => c.html(await readFile(join(folder, 'index.html'), 'utf8'), 200, PAGE_HEADERS);
  addRoute(app, '/console/*', new Map([['GET', page]]));
  return true;
}

function namesIn(folder: string): ReadonlySet<string> | null {
  try {
    return new Set(readdirSync(folder));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function sendAsset(c: AppContext, folder: string, names: ReadonlySet<string>): Promise<Response> {
  const name = c.req.param('name') ?? '';
  const type = TYPES[extname(name)];
  if (type === undefined || !names.has(name)) throw new AppError('not_found', `the console has no file ${name}`);
  const isCompressed = names.has(`${name}.gz`) && /\bgzip\b/.test(c.req.header('accept-encoding') ?? '');
  const bytes = await readFile(join(folder, 'assets', isCompressed ? `${name}.gz` : name));
  const coding = isCompressed ? { 'content-encoding': 'gzip' } : {};
  return c.body(bytes, 200, { 'content-type': type, ...ASSET_HEADERS, ...coding });
}
