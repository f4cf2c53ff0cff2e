import { z } from '@hono/zod-openapi';
import { textSchema } from '../../core/text-length.ts';
import { operatorsOnly } from '../dead-letters/routes.ts';
import { type App, addPath, answers, readQuery } from '../http/app.ts';
import { EventStreams, streamLimits } from '../http/event-stream.ts';
import { assertOwn, INSPECT_TAG, ofFunction } from './function-path.ts';
import type { Inspected } from './inspected.ts';
import { Watch } from './watch.ts';

/** Streams of one function, or one gateway, that are open at once. */
export const WATCHERS_MAX = 100;

export const watchedKey = textSchema(1, 256)
  .optional()
  .openapi({ description: 'Only messages of this partition key; figures are of all' });
const streamQuery = z.strictObject({ key: watchedKey });

export const STREAM_TEXT =
  'Events `tick` (each 250 ms: counts, lag and times), `function` (how a function is, when that changes) and `messages` (at most each ' +
  '100 ms: up to 50 that were committed, and how many more). It may lose: what a client misses is not sent again.';
export const streamAnswer = answers('A stream that does not end', z.string(), 'text/event-stream');

export function addStream(app: App, inspected: Inspected): void {
  const limits = { ...streamLimits, openMax: WATCHERS_MAX };
  const streams = new EventStreams(inspected.stopping, limits);
  const watch = new Watch(inspected);
  addPath(app, INSPECT_TAG, '/operations/{function}/stream', {
    get: {
      operationId: 'watchFunction',
      summary: 'One function as it works: figures, state and messages, as server-sent events',
      description: STREAM_TEXT,
      request: { params: ofFunction, query: streamQuery },
      security: operatorsOnly,
      responses: { 200: streamAnswer },
      handler: (c) => {
        assertOwn(c, inspected);
        const { key = null } = readQuery(c, streamQuery);
        return streams.answer(c.req.raw, (stream) => watch.feed(stream, key));
      },
    },
  });
}
