import type { IncomingHttpHeaders } from 'node:http';
import { AppError } from '../../core/errors.ts';
import { parseOrigin } from './authority.ts';

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Why a request that may change something is refused: a page of another origin has sent it. Null when it may pass. A request
 * that names no page comes from a program, not from a browser.
 * @param own the origin of the address that the request came to
 */
export function foreignOrigin(
  method: string,
  headers: IncomingHttpHeaders,
  own: string,
  allowed: ReadonlySet<string>,
): AppError | null {
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  if (SAFE.has(method) || (origin === undefined && site === undefined)) return null;
  const page = origin === undefined ? own : parseOrigin(origin);
  if (page !== null && origin !== undefined && allowed.has(page)) return null;
  if (page === own && (site === undefined || site === 'same-origin' || site === 'none')) return null;
  const from = page === own ? 'of another origin' : `from ${JSON.stringify(origin?.slice(0, 200))}`;
  return new AppError(
    'forbidden_origin',
    `a page ${from} may not send ${method} to ${own}; to allow it, add its origin to the setting CORS_ORIGINS`,
  );
}
