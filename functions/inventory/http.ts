import { z } from '@hono/zod-openapi';
import { idSchema } from '../../saga/messages.ts';
import { AppError } from '../../shared/core/errors.ts';
import { type App, type AppContext, addPath, answers, problems, readQuery } from '../../shared/runtime/http/app.ts';
import { linksSchema, pageLinks, pageQuery, placeOf, toPage } from '../../shared/runtime/http/paging.ts';
import type { FunctionContext } from '../../shared/runtime/worker/function-context.ts';
import { receiveStock, setPolicy } from './change-stock.ts';
import { readQueue } from './queue.ts';
import { backorderSchema, movementSchema, policySchema, receiptSchema, stockSchema, toBody } from './representation.ts';
import type { StockLevel } from './state.ts';
import { type MovementRow, movements, stock } from './tables.ts';

const pageSchema = z.strictObject(pageQuery);
const productParams = z.object({ productId: idSchema });

/** The routes of inventory. */
export function addInventoryRoutes(app: App, context: FunctionContext): void {
  addPath(app, 'Stock', '/stock', {
    get: {
      summary: 'The stock of all products, by product id',
      request: { query: pageSchema },
      responses: { 200: answers('A page of stock', z.object({ stock: z.array(stockSchema), _links: linksSchema })) },
      handler: (c) => listStock(c, context),
    },
  });
  addPath(app, 'Stock', '/stock/{productId}', {
    get: {
      summary: 'The stock of one product',
      request: { params: productParams },
      responses: { 200: answers('The stock', stockSchema), ...problems(404) },
      handler: async (c) => c.json(toBody(await existing(c, context))),
    },
  });
  addLists(app, context);
  addPath(app, 'Stock', '/stock/{productId}/receipts', {
    post: {
      summary: 'Report received goods; an unknown product is created',
      request: {
        params: productParams,
        headers: z.object({ 'idempotency-key': z.string().optional() }),
        body: { content: { 'application/json': { schema: receiptSchema } } },
      },
      responses: {
        201: answers('The stock after the receipt', stockSchema),
        ...problems(400, 413, 415, 422, 503, 507),
      },
      handler: (c) => receiveStock(c, context),
    },
  });
  addPath(app, 'Stock', '/stock/{productId}/policy', {
    put: {
      summary: 'Set whether an order that asks for more than there is gets rejected or waits for goods',
      request: { params: productParams, body: { content: { 'application/json': { schema: policySchema } } } },
      responses: { 200: answers('The stock', stockSchema), ...problems(400, 404, 413, 415, 422, 503, 507) },
      handler: (c) => setPolicy(c, context),
    },
  });
}

function addLists(app: App, context: FunctionContext): void {
  addPath(app, 'Stock', '/stock/{productId}/movements', {
    get: {
      summary: 'The ledger of a product, the oldest movement first',
      request: { params: productParams, query: pageSchema },
      responses: {
        200: answers('A page of movements', z.object({ movements: z.array(movementSchema), _links: linksSchema })),
        ...problems(404, 422),
      },
      handler: (c) => listMovements(c, context),
    },
  });
  addPath(app, 'Stock', '/stock/{productId}/backorders', {
    get: {
      summary: 'The orders that wait for a product, in the order in which they are served',
      request: { params: productParams, query: pageSchema },
      responses: {
        200: answers('A page of the queue', z.object({ backorders: z.array(backorderSchema), _links: linksSchema })),
        ...problems(404, 422),
      },
      handler: (c) => listBackorders(c, context),
    },
  });
}

async function listStock(c: AppContext, { store }: FunctionContext): Promise<Response> {
  const { limit, cursor } = readQuery(c, pageSchema);
  const after = placeOf(cursor, 'text');
  const rows = await store.find({ table: stock, ...(after === undefined ? {} : { after }), limit: limit + 1 });
  const { page, next } = toPage(rows, limit, ({ productId }) => [productId]);
  return c.json({ stock: page.map(toBody), _links: pageLinks(c.req.url, next) });
}

async function listMovements(c: AppContext, context: FunctionContext): Promise<Response> {
  const { productId } = await existing(c, context);
  const { limit, cursor } = readQuery(c, pageSchema);
  const after = placeOf(cursor, 'number');
  const rows = await context.store.find({
    table: movements,
    where: { productId },
    orderBy: ['movement'],
    ...(after === undefined ? {} : { after }),
    limit: limit + 1,
  });
  const { page, next } = toPage(rows, limit, ({ movement }) => [movement]);
  return c.json({ movements: page.map(toMovement), _links: pageLinks(c.req.url, next) });
}

async function listBackorders(c: AppContext, context: FunctionContext): Promise<Response> {
  const { productId } = await existing(c, context);
  const { limit, cursor } = readQuery(c, pageSchema);
  const [after = 0] = placeOf(cursor, 'number') ?? [];
  const rows = await readQueue(context.store, productId, { after: Number(after), limit });
  const { page, next } = toPage(rows, limit, ({ place = 0 }) => [place]);
  const backorders = page.map(({ orderId, quantity, inQueue }) => ({ orderId, quantity, place: inQueue }));
  return c.json({ backorders, _links: pageLinks(c.req.url, next) });
}

async function existing(c: AppContext, { store }: FunctionContext): Promise<StockLevel> {
  const productId = c.req.param('productId') ?? '';
  const [level] = await store.find({ table: stock, where: { productId }, limit: 1 });
  if (level === undefined) throw new AppError('not_found', `there is no product ${productId.slice(0, 64)}`);
  return level;
}

function toMovement({ productId, movement, kind, quantity, orderId, causedBy, at }: MovementRow) {
  return { movementId: `${productId}:${movement}`, kind, quantity, orderId, causedBy, at };
}
