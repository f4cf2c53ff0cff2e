import { AppError } from '../../core/errors.ts';
import { jsonSentence, readJson } from '../../core/json.ts';
import { decodeUtf8, firstIllFormed } from '../../core/well-formed.ts';

/** Each parameter `charset` of a content type. */
const CHARSET = /;\s*charset\*?\d*\*?\s*(?:=\s*"?([^";,\s]*)|(?=;|$))/gi;
const UTF_8 = /^utf-?8$/i;
/** The first bytes of a text in UTF-16 or UTF-32: its byte order mark, or an ASCII character beside a zero. */
const WIDE = /^(?:fffe|feff|0000feff|00[0-9a-f]{2}|[0-9a-f]{2}00)/;

/** Whether a body says that it is JSON. */
export function isJson(contentType: string | undefined): boolean {
  return mediaTypeOf(contentType) === 'application/json';
}

function mediaTypeOf(contentType: string | undefined): string | undefined {
  return contentType?.split(';')[0]?.trim().toLowerCase();
}

/** @throws {AppError} 415 for a body that is not JSON, 400 for a header that is there twice. */
export function assertJson(contentType: string | undefined): void {
  if (contentType === 'application/json') return;
  if (contentType?.includes(',')) {
    throw new AppError('malformed_request', `Content-Type takes one value and is ${contentType}`);
  }
  if (isJson(contentType)) return;
  const type = mediaTypeOf(contentType) ?? 'of no type';
  throw new AppError('unsupported_media_type', `the body must be application/json and is ${type}`);
}

/** A body that says to be in another charset than UTF-8 is not read at all. @throws {AppError} 415. */
export function assertUtf8(contentType: string | null): void {
  if (contentType === null || !contentType.includes(';')) return;
  for (const [, charset = ''] of contentType.matchAll(CHARSET)) {
    if (!UTF_8.test(charset)) {
      throw new AppError('unsupported_media_type', `the body must be in UTF-8 and is in ${charset || 'no charset'}`);
    }
  }
}

/** The text of a body. A byte order mark is not part of it. @throws {AppError} 400 where it is not UTF-8. */
export function textOf(bytes: Uint8Array): string {
  const text = decodeUtf8(bytes);
  if (text !== null) return text;
  const start = Buffer.from(bytes.subarray(0, 4)).toString('hex');
  const why = WIDE.test(start) ? 'it looks like UTF-16 or UTF-32' : `it is ill-formed at byte ${firstIllFormed(bytes)}`;
  throw new AppError('malformed_request', `the body is not UTF-8: ${why}`);
}

/** The value of a body. @throws {AppError} 400, or 422 for a number that would be rounded, with a pointer to the place. */
export function jsonOf(text: string): unknown {
  const read = readJson(text);
  if ('value' in read) return read.value;
  const { problem } = read;
  const { kind, pointer, detail } = problem;
  const errors = kind === 'syntax' ? [] : [{ pointer, detail }];
  throw new AppError(kind === 'number' ? 'invalid_request' : 'malformed_request', jsonSentence('the body', problem), {
    errors,
  });
}
