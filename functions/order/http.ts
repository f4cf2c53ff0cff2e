import { z } from '@hono/zod-openapi';
import { orderStatuses } from '../../saga/lifecycle.ts';
import { idSchema } from '../../saga/messages.ts';
import { type App, type AppContext, addPath, answers, problems, readQuery } from '../../shared/runtime/http/app.ts';
import { linksSchema, pageLinks, pageQuery, placeOf, toPage } from '../../shared/runtime/http/paging.ts';
import type { FunctionContext } from '../../shared/runtime/worker/function-context.ts';
import { cancelOrder, dispatchOrder } from './change-order.ts';
import { eventsOf } from './events.ts';
import { existingOrder } from './find-order.ts';
import { OutcomeWaiters } from './outcome-waiters.ts';
import { placeOrder } from './place-order.ts';
import { cancelOrderSchema, orderSchema, placeOrderSchema, toBody } from './representation.ts';
import { orders, toOrder } from './tables.ts';

const listQuery = z.strictObject({
  customerId: idSchema.optional(),
  status: z.enum(orderStatuses).optional(),
  ...pageQuery,
});

/**
 * The routes of order. `defaultCurrency` is used for orders that name none; `stopping` ends the waiting for outcomes.
 */
export function addOrderRoutes(
  app: App,
  context: FunctionContext,
  defaultCurrency: string,
  stopping: AbortSignal,
): void {
  const outcomes = new OutcomeWaiters(context, stopping);
  addChanges(app, context);
  addPath(app, 'Orders', '/orders', {
    post: {
      summary: 'Place an order',
      request: {
        headers: z.object({ 'idempotency-key': z.string().optional(), prefer: z.string().optional() }),
        body: { content: { 'application/json': { schema: placeOrderSchema } } },
      },
      responses: {
        200: answers('The outcome, when the client prefers to wait', orderSchema),
        202: answers('The order is committed', orderSchema),
        ...problems(400, 413, 415, 422, 503, 507),
      },
      handler: (c) => placeOrder(c, context, outcomes, defaultCurrency),
    },
    get: {
      summary: 'List orders, the newest first',
      request: { query: listQuery },
      responses: {
        200: answers('A page of orders', z.object({ orders: z.array(orderSchema), _links: linksSchema })),
        ...problems(422),
      },
      handler: (c) => listOrders(c, context),
    },
  });
  addPath(app, 'Orders', '/orders/{orderId}', {
    get: {
      summary: 'Get an order',
      request: { params: z.object({ orderId: idSchema }) },
      responses: { 200: answers('The order', orderSchema), ...problems(404) },
      handler: async (c) => {
        const { order, updatedAt } = await existingOrder(context, c.req.param('orderId') ?? '');
        return c.json(toBody(order, updatedAt));
      },
    },
  });
  addPath(app, 'Orders', '/orders/{orderId}/events', {
    get: {
      summary: 'The events that an order published and consumed, the oldest first',
      request: { params: z.object({ orderId: idSchema }) },
      responses: {
        200: answers('CloudEvents', z.object({ events: z.array(z.record(z.string(), z.unknown())) })),
        ...problems(404),
      },
      handler: async (c) => {
        const { order } = await existingOrder(context, c.req.param('orderId') ?? '');
        return c.json({ events: await eventsOf(context.store, order.orderId) });
      },
    },
  });
}

/** The changes that a client can ask of an existing order. */
function addChanges(app: App, context: FunctionContext): void {
  const headers = z.object({ 'idempotency-key': z.string().optional() });
  const params = z.object({ orderId: idSchema });
  addPath(app, 'Orders', '/orders/{orderId}/cancel', {
    post: {
      summary: 'Cancel an order that is not dispatched; its held or sold stock is returned. Idempotent',
      request: { params, headers, body: { content: { 'application/json': { schema: cancelOrderSchema } } } },
      responses: {
        200: answers('The order, cancelled', orderSchema),
        ...problems(400, 404, 409, 413, 415, 422, 503, 507),
      },
      handler: (c) => cancelOrder(c, context),
    },
  });
  addPath(app, 'Orders', '/orders/{orderId}/dispatch', {
    post: {
      summary:
        'Report that a confirmed order is dispatched: it can no longer be cancelled. It stays confirmed, ' +
        'with the time in dispatchedAt. Idempotent',
      request: { params, headers },
      responses: { 200: answers('The order, dispatched', orderSchema), ...problems(400, 404, 409, 422, 503, 507) },
      handler: (c) => dispatchOrder(c, context),
    },
  });
}

async function listOrders(c: AppContext, { store }: FunctionContext): Promise<Response> {
  const { limit, cursor, customerId, status } = readQuery(c, listQuery);
  const after = placeOf(cursor, 'number');
  const rows = await store.find({
    table: orders,
    where: { ...(customerId === undefined ? {} : { customerId }), ...(status === undefined ? {} : { status }) },
    orderBy: ['sequence'],
    descending: true,
    ...(after === undefined ? {} : { after }),
    limit: limit + 1,
  });
  const { page, next } = toPage(rows, limit, ({ sequence = 0 }) => [sequence]);
  const bodies = page.map((row) => toBody(toOrder(row), row.updatedAt));
  return c.json({ orders: bodies, _links: pageLinks(c.req.url, next) });
}
