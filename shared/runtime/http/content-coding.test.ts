import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { serveThings } from '../../testing/things-server.ts';
import type { RunningServer } from './server.ts';

const MIB = 1024 * 1024;
const CONTENT = Buffer.from('{"name":"Größe"}');

let server: RunningServer;
beforeAll(async () => {
  server = await serveThings();
  return () => server.stop();
});

async function send(coding: string, body: Buffer) {
  const response = await fetch(`${server.url}/things/1`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', 'content-encoding': coding },
    body: new Uint8Array(body),
  });
  return {
    status: response.status,
    headers: response.headers,
    body: z.looseObject({ code: z.string().optional() }).parse(await response.json()),
  };
}

/** JSON of this many bytes. */
function sized(bytes: number): Buffer {
  return Buffer.from(`"${'x'.repeat(bytes - 2)}"`);
}

describe('a body', () => {
  it.each([
    ['gzip', gzipSync(CONTENT)],
    ['GZip', gzipSync(CONTENT)],
    ['x-gzip', gzipSync(CONTENT)],
    ['gzip', Buffer.concat([gzipSync(CONTENT.subarray(0, 5)), gzipSync(CONTENT.subarray(5))])],
    ['deflate', deflateSync(CONTENT)],
    ['deflate', deflateRawSync(CONTENT)],
    ['br', brotliCompressSync(CONTENT)],
    ['identity', CONTENT],
    ['', CONTENT],
    ['gzip, identity', gzipSync(CONTENT)],
  ])('that is encoded as %j reaches the app decoded, as if it had come so', async (coding, bytes) => {
    const { status, body } = await send(coding, bytes);

    const isDecoded = !['identity', ''].includes(coding);
    expect([status, body]).toEqual([
      200,
      { body: { name: 'Größe' }, length: String(CONTENT.length), coding: isDecoded ? null : coding },
    ]);
  });

  it.each([
    ['plain JSON', 'gzip', CONTENT],
    ['plain JSON', 'deflate', CONTENT],
    ['plain JSON', 'br', CONTENT],
    ['another coding', 'gzip', deflateSync(CONTENT)],
    ['a part', 'gzip', gzipSync(CONTENT).subarray(0, -9)],
    ['a part', 'deflate', deflateSync(CONTENT).subarray(0, -5)],
    ['a part', 'br', brotliCompressSync(CONTENT).subarray(0, -2)],
    ['more than that', 'gzip', Buffer.concat([gzipSync(CONTENT), Buffer.alloc(4)])],
    ['more than that', 'deflate', Buffer.concat([deflateSync(CONTENT), Buffer.from('more')])],
    ['more than that', 'br', Buffer.concat([brotliCompressSync(CONTENT), Buffer.from('more')])],
  ])('that is %s and not %s is malformed, and the answer does not show its bytes', async (_, coding, bytes) => {
    const { status, body } = await send(coding, bytes);

    expect([status, body]).toEqual([
      400,
      expect.objectContaining({
        code: 'malformed_request',
        detail: expect.stringMatching(/^the body is not \w+: [\w ]+$/),
      }),
    ]);
  });

  it.each([
    ['gzip, gzip', gzipSync(gzipSync(CONTENT))],
    ['deflate, br', brotliCompressSync(deflateSync(CONTENT))],
    ['zstd', CONTENT],
    ['utf-8', CONTENT],
  ])('that is encoded as %s is refused, and the answer says which codings are not', async (coding, bytes) => {
    const { status, headers, body } = await send(coding, bytes);

    expect([status, headers.get('accept-encoding'), body.code]).toEqual([
      415,
      'gzip, deflate, br',
      'unsupported_content_coding',
    ]);
  });

  it('may have 1 MiB decoded, and not a byte more', async () => {
    const statuses = await Promise.all(
      [sized(MIB), sized(MIB + 1)].flatMap((content) => [
        send('gzip', gzipSync(content)),
        send('br', brotliCompressSync(content)),
        send('gzip', gzipSync(content, { level: 0 })),
      ]),
    );

    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 200, 413, 413, 413]);
  });

  it('that would be 256 MiB is refused before it is decoded', async () => {
    const bomb = gzipSync(Buffer.alloc(256 * MIB), { level: 1 });
    const before = process.memoryUsage().rss;

    const { status, body } = await send('gzip', bomb);

    expect([status, body.code]).toEqual([413, 'body_too_large']);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * MIB);
  });

  it('that is too long as it comes is refused, and its sender reads the answer', async () => {
    expect((await send('gzip', Buffer.alloc(3 * MIB))).status).toBe(413);
  });
});

it('a request without a body may name a coding', async () => {
  const response = await fetch(`${server.url}/things`, { headers: { 'content-encoding': 'zstd' } });

  expect(response.status).toBe(200);
});
