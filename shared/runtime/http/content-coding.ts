import type { IncomingMessage } from 'node:http';
import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import { AppError } from '../../core/errors.ts';
import { BODY_MAX_BYTES, DISCARD_MAX_BYTES } from './app.ts';
import { problemResponse } from './problem.ts';

/** A body that cannot be compressed becomes a little longer by it. */
const ENCODED_MAX_BYTES = BODY_MAX_BYTES + 64 * 1024;
const ACCEPTED = 'gzip, deflate, br';

/** `bytesWritten` counts the encoded bytes that it has used. */
type Decoder = Transform & { readonly bytesWritten: number };
const DECODERS: ReadonlyMap<string, (body: Buffer) => Decoder> = new Map<string, (body: Buffer) => Decoder>([
  ['gzip', () => createGunzip()],
  ['x-gzip', () => createGunzip()],
  // Some clients leave out the zlib header that RFC 9110 asks for.
  ['deflate', (body) => (hasZlibHeader(body) ? createInflate() : createInflateRaw())],
  ['br', () => createBrotliDecompress()],
]);

/** The content coding of a request; null when its body is sent as it is. */
export function codingOf({ headers }: IncomingMessage): string | null {
  const header = headers['content-encoding'];
  if (header === undefined) return null;
  const codings = header.split(',').map((each) => each.trim().toLowerCase());
  return codings.filter((each) => each !== '' && each !== 'identity').join(', ') || null;
}

/**
 * The request with its body decoded, so that whatever reads it, or sends it on, sees only the content.
 * @throws {AppError} 415 for another coding, 413 for more content than a body may have, 400 for bytes that are not encoded so
 */
export async function decoded(request: Request, incoming: IncomingMessage, coding: string): Promise<Request> {
  const decoder = DECODERS.get(coding);
  if (decoder === undefined) throw new UnsupportedCoding(coding);
  const body = await readEncoded(incoming);
  const content = body.length === 0 ? body : await decode(body, decoder(body), coding);
  const headers = new Headers(request.headers);
  headers.delete('content-encoding');
  headers.delete('transfer-encoding');
  headers.set('content-length', String(content.length));
  const { url, method, signal } = request;
  return new Request(url, { method, headers, body: content, signal });
}

class UnsupportedCoding extends AppError {
  constructor(coding: string) {
    super(
      'unsupported_content_coding',
      `a body may be encoded once, as ${ACCEPTED}; its Content-Encoding is ${coding}`,
    );
  }
}

/** The answer to a body that cannot be decoded; it says which codings can (RFC 7694). */
export function undecodableResponse(error: unknown): Response {
  return problemResponse(error, error instanceof UnsupportedCoding ? { 'accept-encoding': ACCEPTED } : {});
}

/** A body that is too long is read to its end, up to a limit: a client that still sends would not see the answer. */
async function readEncoded(incoming: IncomingMessage): Promise<Buffer> {
  if (Number(incoming.headers['content-length'] ?? 0) > DISCARD_MAX_BYTES) throw tooLarge();
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= ENCODED_MAX_BYTES) chunks.push(chunk);
    if (length > DISCARD_MAX_BYTES) throw tooLarge();
  }
  if (length > ENCODED_MAX_BYTES) throw tooLarge();
  return Buffer.concat(chunks);
}

/** Stops as soon as the content is too long. */
function decode(body: Buffer, decoder: Decoder, coding: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const fail = (problem: string) =>
      reject(new AppError('malformed_request', `the body is not ${coding}: ${problem}`));
    decoder.on('data', (chunk: Buffer) => {
      length += chunk.length;
      chunks.push(chunk);
      if (length <= BODY_MAX_BYTES) return;
      decoder.destroy();
      reject(tooLarge());
    });
    decoder.once('error', (error) => fail(error.message));
    decoder.once('end', () => {
      const rest = body.length - decoder.bytesWritten;
      if (rest > 0) fail(`${rest} bytes follow its end`);
      else resolve(Buffer.concat(chunks));
    });
    decoder.end(body);
  });
}

function hasZlibHeader(body: Buffer): boolean {
  return body.length >= 2 && ((body[0] ?? 0) & 0x0f) === 8 && body.readUInt16BE(0) % 31 === 0;
}

function tooLarge(): AppError {
  return new AppError('body_too_large', `a body may have at most ${BODY_MAX_BYTES} bytes, decoded`);
}
