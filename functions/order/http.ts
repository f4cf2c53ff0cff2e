import { z } from '@hono/zod-openapi';
import { orderStatuses } from '../../saga/lifecycle.ts';
import { idSchema } from '../../saga/messages.ts';
import {
  type App,
  type AppContext,
  addPath,
  answers,
  header,
  idempotencyHeaders,
  locationHeader,
  problems,
  readQuery,
  replayHeader,
} from '../../shared/runtime/http/app.ts';
import { answerRead, conditionHeaders, etagHeader, notModified } from '../../shared/runtime/http/conditional.ts';
import { linksSchema, pageLinks, pageQuery, placeOf, toPage } from '../../shared/runtime/http/paging.ts';
import type { FunctionContext } from '../../shared/runtime/worker/function-context.ts';
import { cancelOrder, dispatchOrder } from './change-order.ts';
import { eventsOf } from './events.ts';
import { existingOrder } from './find-order.ts';
import { OutcomeWaiters } from './outcome-waiters.ts';
import { placeOrder } from './place-order.ts';
import { cancelOrderSchema, eventsSchema, ofOrder, orderSchema, placeOrderSchema, toBody } from './representation.ts';
import { foundIn, orders } from './tables.ts';

const listQuery = z.strictObject({
  customerId: idSchema.optional().openapi({ description: 'Only the orders of this customer', example: 'CUSTOMER_001' }),
  status: z.enum(orderStatuses).optional().openapi({ description: 'Only the orders in this status' }),
  ...pageQuery,
});

const placeHeaders = z.object({
  ...idempotencyHeaders('Required when the body has no `orderId`; then the order gets an id made from the key.').shape,
  Prefer: z.string().optional().openapi({
    description: '`wait=5`: wait up to so many seconds, 30 at most, for the outcome of the order (RFC 7240)',
    example: 'wait=5',
  }),
});
const placedHeaders = { ...locationHeader('the order', '/orders/ORDER_001'), ...replayHeader, ...etagHeader };

const placed = {
  200: answers(
    'The order as it is now, when the client prefers to wait and it has its outcome',
    orderSchema,
    'application/json',
    {
      ...placedHeaders,
      'Preference-Applied': header('How long the store was ready to wait', true, {
        type: 'string',
        example: 'wait=5',
      }),
    },
  ),
  202: answers(
    'The order is committed: as it was placed, or as it is now when the client has waited in vain',
    orderSchema,
    'application/json',
    placedHeaders,
  ),
};

const pageSchema = z.object({ orders: z.array(orderSchema), _links: linksSchema });

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
      operationId: 'placeOrder',
      summary: 'Place an order',
      description:
        'The order is on disk when this is answered; stock is reserved after it. Either `orderId` or an Idempotency-Key is ' +
        'required, and either makes the request repeatable. Totals may be left out and are checked when they are given.',
      request: {
        headers: placeHeaders,
        body: { content: { 'application/json': { schema: placeOrderSchema } } },
      },
      responses: {
        ...placed,
        ...problems(409),
      },
      handler: (c) => placeOrder(c, context, outcomes, defaultCurrency),
    },
    get: {
      operationId: 'listOrders',
      summary: 'List orders, the newest first',
      description: 'A page of the orders of all customers, or of those that match the filters.',
      request: { query: listQuery, headers: z.object(conditionHeaders) },
      responses: {
        200: answers('A page of orders', pageSchema, 'application/json', etagHeader),
        ...notModified,
        ...problems(412),
      },
      handler: (c) => listOrders(c, context),
    },
  });
  addPath(app, 'Orders', '/orders/{orderId}', {
    get: {
      operationId: 'getOrder',
      summary: 'Get an order',
      description: 'Its links name what can be asked of it now.',
      request: { params: ofOrder, headers: z.object(conditionHeaders) },
      responses: {
        200: answers('The order', orderSchema, 'application/json', etagHeader),
        ...notModified,
        ...problems(412),
      },
      handler: async (c) => answerRead(c, toBody(await existingOrder(context, c.req.param('orderId') ?? ''))),
    },
  });
  addPath(app, 'Orders', '/orders/{orderId}/events', {
    get: {
      operationId: 'listOrderEvents',
      summary: 'The events that an order published and consumed, the oldest first',
      description: 'Events older than LOG_RETENTION_DAYS are removed.',
      request: { params: ofOrder, headers: z.object(conditionHeaders) },
      responses: {
        200: answers('CloudEvents 1.0', eventsSchema, 'application/json', etagHeader),
        ...notModified,
        ...problems(412),
      },
      handler: async (c) => {
        const { order } = await existingOrder(context, c.req.param('orderId') ?? '');
        return answerRead(c, { events: await eventsOf(context.store, order.orderId) });
      },
    },
  });
}

/** The changes that a client can ask of an existing order. */
function addChanges(app: App, context: FunctionContext): void {
  const headers = idempotencyHeaders('Optional: the order is changed once, with or without a key.').extend(
    conditionHeaders,
  );
  const params = ofOrder;
  addPath(app, 'Orders', '/orders/{orderId}/cancel', {
    post: {
      operationId: 'cancelOrder',
      summary: 'Cancel an order that is not dispatched; its held or sold stock is returned. Idempotent',
      description: 'A rejected or dispatched order cannot be cancelled.',
      request: { params, headers, body: { content: { 'application/json': { schema: cancelOrderSchema } } } },
      responses: {
        200: answers('The order, cancelled', orderSchema, 'application/json', { ...replayHeader, ...etagHeader }),
        ...problems(409, 412),
      },
      handler: (c) => cancelOrder(c, context),
    },
  });
  addPath(app, 'Orders', '/orders/{orderId}/dispatch', {
    post: {
      operationId: 'dispatchOrder',
      summary: 'Report that a confirmed order is dispatched: it can no longer be cancelled. Idempotent',
      description: 'Takes no body, or an empty object.',
      takesBody: false,
      request: { params, headers },
      responses: {
        200: answers('The order, dispatched', orderSchema, 'application/json', { ...replayHeader, ...etagHeader }),
        ...problems(409, 412, 413, 422),
      },
      handler: (c) => dispatchOrder(c, context),
    },
  });
}

async function listOrders(c: AppContext, { store }: FunctionContext): Promise<Response> {
  const { limit, cursor, customerId, status } = readQuery(c, listQuery);
  const list = { name: 'orders', filters: { customerId, status } };
  const after = placeOf(cursor, list, 'number');
  const rows = await store.find({
    table: orders,
    where: { ...(customerId === undefined ? {} : { customerId }), ...(status === undefined ? {} : { status }) },
    orderBy: ['sequence'],
    descending: true,
    ...(after === undefined ? {} : { after }),
    limit: limit + 1,
  });
  const { page, next } = toPage(rows, limit, list, ({ sequence = 0 }) => [sequence]);
  const bodies = page.map((row) => toBody(foundIn(row)));
  return answerRead(c, { orders: bodies, _links: pageLinks(c.req.url, next) });
}
