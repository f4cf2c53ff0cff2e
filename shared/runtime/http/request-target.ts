import type { IncomingMessage } from 'node:http';
import { AppError } from '../../core/errors.ts';

/** RFC 9110 asks for at least 8,000. */
const TARGET_MAX_LENGTH = 8_192;
const ABSOLUTE = /^https?:\/\/([^/?#]*)(.*)$/i;

/**
 * Checks what a request is addressed to and brings it into the usual form, a path and a `Host`: a client may also write the
 * whole address, which then counts (RFC 9112, 3.2.2). A request of HTTP/1.0 needs no host, and gets `localhost`.
 * @returns the error that answers the request; null when there is none
 */
export function targetError(incoming: IncomingMessage): AppError | null {
  const { headers, rawHeaders, url = '', httpVersion } = incoming;
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return versionError(httpVersion);
  const hosts = countHosts(rawHeaders);
  if (hosts > 1) return new AppError('malformed_request', `a request has one Host header and this one has ${hosts}`);
  if (hosts === 0) {
    if (httpVersion === '1.1') return new AppError('malformed_request', 'a request of HTTP/1.1 needs a Host header');
    headers.host = 'localhost';
  }
  if (url.length > TARGET_MAX_LENGTH) return tooLongAddress();
  if (url.startsWith('/') || (url === '*' && incoming.method === 'OPTIONS')) return null;
  const [, host, rest = ''] = ABSOLUTE.exec(url) ?? [];
  if (host === undefined) {
    return new AppError(
      'malformed_request',
      'the request must name a path that begins with /, or a whole http address',
    );
  }
  headers.host = host;
  incoming.url = rest.startsWith('/') ? rest : `/${rest}`;
  return null;
}

export function versionError(version: string): AppError {
  return new AppError('version_not_supported', `this server speaks HTTP/1.1 and not HTTP/${version}`);
}

export function tooLongAddress(): AppError {
  return new AppError('uri_too_long', `the address may have at most ${TARGET_MAX_LENGTH} characters`);
}

/** Node keeps only the first `Host` in its parsed headers. */
function countHosts(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') count++;
  }
  return count;
}
