import { AppError } from '../../core/errors.ts';

const KEY_FORM = /^[\x21-\x7e]{1,256}$/;
/** A string of a structured header (RFC 8941, 3.3.3), and nothing after it. */
const QUOTED = /^"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/;
/** The names and values of one preference, or what separates it from the next (RFC 7240, 2). */
const PREFERENCE = /([^\s=;,"]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?|[;,]/g;

/**
 * The value of `Idempotency-Key`: a string of a structured header, or the same characters without quotes, as many clients send
 * it. A key in quotes that is not ended, has other escapes than `\"` and `\\`, or is followed by anything is refused. So is a
 * header that is there twice, which arrives as one value with a comma and a space.
 * @throws {AppError} 400 when it is not 1 to 256 visible ASCII characters.
 */
export function idempotencyKeyIn(header: string): string {
  const text = header.trim();
  const isQuoted = text.startsWith('"');
  const key = isQuoted ? QUOTED.exec(text)?.[1]?.replace(/\\(.)/g, '$1') : text;
  if (key === undefined || (!isQuoted && key.includes('"'))) {
    throw new AppError(
      'malformed_request',
      'Idempotency-Key must be one key: with a quotation mark at both ends, or with none',
    );
  }
  if (KEY_FORM.test(key)) return key;
  throw new AppError('malformed_request', 'Idempotency-Key must have 1 to 256 visible ASCII characters');
}

/**
 * The seconds of `Prefer: wait=5`; null when the client does not ask to wait. RFC 7240 has a preference ignored that makes no sense
 * (`wait=abc`), also when it is there twice: the first one counts.
 */
export function preferredWaitS(header: string | undefined | null): number | null {
  if (header === undefined || header === null) return null;
  // After a semicolon comes a parameter of the preference before it.
  let isParameter = false;
  for (const [token, name, quoted, bare] of header.matchAll(PREFERENCE)) {
    if (name === undefined) isParameter = token === ';';
    else if (!isParameter && name.toLowerCase() === 'wait') {
      const seconds = quoted ?? bare ?? '';
      return /^\d{1,9}$/.test(seconds) ? Number(seconds) : null;
    }
  }
  return null;
}
