import { z } from '@hono/zod-openapi';
import { streamSSE } from 'hono/streaming';
import { idSchema } from '../../saga/messages.ts';
import { AppError } from '../../shared/core/errors.ts';
import { type App, type AppContext, addPath, answers, problems, readQuery } from '../../shared/runtime/http/app.ts';
import { linksSchema, pageLinks, pageQuery, placeOf, toPage } from '../../shared/runtime/http/paging.ts';
import type { FunctionContext } from '../../shared/runtime/worker/function-context.ts';
import { WakeSignal } from '../../shared/runtime/worker/wake-signal.ts';
import type { Notice } from './state.ts';
import { type NoticeRow, notices } from './tables.ts';

const HEARTBEAT_MS = 10_000;
const STREAM_PAGE = 100;

const noticeSchema = z
  .object({
    notificationId: z.string(),
    customerId: z.string(),
    orderId: z.string(),
    fact: z.enum(['OrderPlaced', 'OrderBackordered', 'OrderConfirmed', 'OrderRejected', 'OrderCancelled']),
    channel: z.string(),
    status: z.enum(['pending', 'sent', 'failed']),
    text: z.string(),
    createdAt: z.iso.datetime(),
    sentAt: z.iso.datetime().nullable(),
  })
  .openapi('Notification');

const listQuery = z.strictObject({ customerId: idSchema.optional(), orderId: idSchema.optional(), ...pageQuery });

/** The routes of notification. `stopping` ends the streams. */
export function addNotificationRoutes(app: App, context: FunctionContext, stopping: AbortSignal): void {
  addPath(app, 'Notifications', '/notifications', {
    get: {
      summary: 'The notifications to customers, the oldest first',
      request: { query: listQuery },
      responses: {
        200: answers('A page', z.object({ notifications: z.array(noticeSchema), _links: linksSchema })),
        ...problems(422),
      },
      handler: (c) => listNotices(c, context),
    },
  });
  addPath(app, 'Notifications', '/notifications/stream', {
    get: {
      summary: 'Notifications as they are written, as server-sent events; resumes after Last-Event-ID',
      request: { headers: z.object({ 'last-event-id': z.string().optional() }) },
      responses: { 200: answers('A stream', z.string(), 'text/event-stream'), ...problems(400) },
      handler: (c) => streamNotices(c, context, stopping),
    },
  });
}

async function listNotices(c: AppContext, { store }: FunctionContext): Promise<Response> {
  const { limit, cursor, customerId, orderId } = readQuery(c, listQuery);
  const after = placeOf(cursor, 'number');
  const rows = await store.find({
    table: notices,
    where: { ...(customerId === undefined ? {} : { customerId }), ...(orderId === undefined ? {} : { orderId }) },
    orderBy: ['position'],
    ...(after === undefined ? {} : { after }),
    limit: limit + 1,
  });
  const { page, next } = toPage(rows, limit, ({ position = 0 }) => [position]);
  return c.json({ notifications: page.map(toBody), _links: pageLinks(c.req.url, next) });
}

async function streamNotices(c: AppContext, context: FunctionContext, stopping: AbortSignal): Promise<Response> {
  let after = await startOf(c, context);
  const wake = new WakeSignal();
  const stopListening = context.onCommit(() => wake.raise());
  const stop = () => wake.raise();
  stopping.addEventListener('abort', stop);
  return streamSSE(c, async (stream) => {
    stream.onAbort(stop);
    try {
      // The first bytes let the client know that it is connected.
      await stream.write(': connected\n\n');
      while (!stream.aborted && !stopping.aborted) {
        const rows = await context.store.find({
          table: notices,
          orderBy: ['position'],
          after: [after],
          limit: STREAM_PAGE,
        });
        // In one chunk: each chunk waits until the one before it is read, perhaps by another thread.
        if (rows.length > 0) await stream.write(rows.map(toServerSentEvent).join(''));
        after = rows.at(-1)?.position ?? after;
        if (rows.length === 0 && !(await wake.wait(HEARTBEAT_MS))) await stream.write(': still here\n\n');
      }
    } finally {
      stopListening();
      stopping.removeEventListener('abort', stop);
    }
  });
}

function toServerSentEvent(row: NoticeRow): string {
  return `event: notification\ndata: ${JSON.stringify(toBody(row))}\nid: ${row.position}\n\n`;
}

/** The position after which a stream begins: the one the client sent, or that of the newest notice. */
async function startOf(c: AppContext, { store }: FunctionContext): Promise<number> {
  const header = c.req.header('last-event-id');
  if (header === undefined) {
    const [newest] = await store.find({ table: notices, orderBy: ['position'], descending: true, limit: 1 });
    return newest?.position ?? 0;
  }
  const position = /^\d{1,15}$/.test(header) ? Number(header) : null;
  if (position === null) throw new AppError('malformed_request', 'Last-Event-ID must be an id of this stream');
  return position;
}

function toBody(row: NoticeRow): Notice {
  const { notificationId, customerId, orderId, fact, channel, status, text, createdAt, sentAt } = row;
  return { notificationId, customerId, orderId, fact, channel, status, text, createdAt, sentAt };
}
