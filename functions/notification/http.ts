import { z } from '@hono/zod-openapi';
import { idSchema } from '../../saga/messages.ts';
import { AppError } from '../../shared/core/errors.ts';
import { type App, type AppContext, addPath, answers, problems, readQuery } from '../../shared/runtime/http/app.ts';
import { asksForEvents, EventStreams, STREAM_SINCE } from '../../shared/runtime/http/event-stream.ts';
import { linksSchema, pageLinks, pageQuery, placeOf, toPage } from '../../shared/runtime/http/paging.ts';
import type { FunctionContext } from '../../shared/runtime/worker/function-context.ts';
import { noticeSchema, toBody } from './representation.ts';
import { noticeStatuses } from './state.ts';
import { beginningOf, type NoticeRequest, streamNotices } from './stream.ts';
import { deliveries } from './tables.ts';

const listQuery = z.strictObject({
  customerId: idSchema.optional().openapi({ description: 'Only those to this customer', example: 'CUSTOMER_001' }),
  orderId: idSchema.optional().openapi({ description: 'Only those about this order', example: 'ORDER_001' }),
  status: z.enum(noticeStatuses).optional().openapi({ description: 'Only those in this status' }),
  ...pageQuery,
});

const streamQuery = z.strictObject({
  customerId: idSchema.optional().openapi({ description: 'Only those to this customer', example: 'CUSTOMER_001' }),
  orderId: idSchema.optional().openapi({ description: 'Only those about this order', example: 'ORDER_001' }),
  lastEventId: z.string().optional().openapi({ description: 'The same as the header, for clients that cannot set it' }),
});

/** The routes of notification. `stopping` ends the streams. */
export function addNotificationRoutes(app: App, context: FunctionContext, stopping: AbortSignal): void {
  const streams = new EventStreams(stopping);
  addPath(app, 'Notifications', '/notifications', {
    get: {
      operationId: 'listNotifications',
      summary: 'The notifications to customers, the oldest first',
      description: 'A page of all notifications, or of those that match the filters.',
      request: { query: listQuery },
      responses: {
        200: answers('A page', z.object({ notifications: z.array(noticeSchema), _links: linksSchema })),
      },
      handler: (c) => listNotices(c, context),
    },
  });
  addPath(app, 'Notifications', '/notifications/stream', {
    get: {
      operationId: 'streamNotifications',
      summary:
        'Notifications as they are written, as server-sent events: one for each, not repeated when its status changes ' +
        'later; resumes after Last-Event-ID, and says with an event `reset` where it cannot',
      description:
        'Each event is named `notification`; its `id` is a position and its `data` a Notification. Comment lines keep the ' +
        'connection alive.',
      request: {
        query: streamQuery,
        headers: z.object({
          'Last-Event-ID': z.string().optional().openapi({
            description:
              'The id of the last event received: the stream goes on after it. Without it, with the next event',
          }),
        }),
      },
      responses: { 200: answers('A stream that does not end', z.string(), 'text/event-stream'), ...problems(503) },
      handler: (c) => openStream(c, context, streams),
    },
  });
}

async function listNotices(c: AppContext, { store }: FunctionContext): Promise<Response> {
  const { limit, cursor, customerId, orderId, status } = readQuery(c, listQuery);
  const list = { name: 'notifications', filters: { customerId, orderId, status } };
  const after = placeOf(cursor, list, 'number');
  const rows = await store.find({
    table: deliveries,
    ...(status === undefined ? {} : { fixed: { status } }),
    where: { ...(customerId === undefined ? {} : { customerId }), ...(orderId === undefined ? {} : { orderId }) },
    orderBy: ['position'],
    ...(after === undefined ? {} : { after }),
    limit: limit + 1,
  });
  const { page, next } = toPage(rows, limit, list, ({ position = 0 }) => [position]);
  return c.json({ notifications: page.map(toBody), _links: pageLinks(c.req.url, next) });
}

/** A client that asks for events is answered with a stream also while the store is unavailable: it would not come back. */
async function openStream(c: AppContext, context: FunctionContext, streams: EventStreams): Promise<Response> {
  const { lastEventId = '', customerId, orderId } = readQuery(c, streamQuery);
  const request: NoticeRequest = {
    // The header wins: `EventSource` sends it when it connects again, to the address with which it began.
    lastEventId: c.req.header('last-event-id') || lastEventId,
    filter: { ...(customerId === undefined ? {} : { customerId }), ...(orderId === undefined ? {} : { orderId }) },
    sinceMs: sinceOf(c.req.header(STREAM_SINCE)),
  };
  if (c.req.method === 'HEAD') return streams.answer(c.req.raw, async () => undefined);
  const start = await beginningOf(context, request).catch((error: unknown) => {
    if (error instanceof AppError && asksForEvents(c.req.raw)) return null;
    throw error;
  });
  return streams.answer(c.req.raw, (stream) => streamNotices(stream, context, request, start));
}

function sinceOf(header: string | undefined): number | null {
  return header !== undefined && /^\d{1,15}$/.test(header) ? Number(header) : null;
}
