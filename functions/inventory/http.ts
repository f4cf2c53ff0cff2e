import { z } from '@hono/zod-openapi';
import { idSchema } from '../../saga/messages.ts';
import { AppError } from '../../shared/core/errors.ts';
import {
  type App,
  type AppContext,
  addPath,
  answers,
  idempotencyHeaders,
  locationHeader,
  problems,
  readQuery,
  replayHeader,
} from '../../shared/runtime/http/app.ts';
import { answerRead, conditionHeaders, etagHeader, notModified } from '../../shared/runtime/http/conditional.ts';
import { linksSchema, pageLinks, pageQuery, placeOf, toPage } from '../../shared/runtime/http/paging.ts';
import type { FunctionContext } from '../../shared/runtime/worker/function-context.ts';
import { correctStock, receiveStock, setPolicy } from './change-stock.ts';
import { readQueue } from './queue.ts';
import {
  backorderSchema,
  correctionSchema,
  movementSchema,
  policySchema,
  receiptSchema,
  stockSchema,
  stockWhySchema,
  toBackorder,
  toBody,
} from './representation.ts';
import type { StockLevel } from './state.ts';
import { type MovementRow, movements, stock } from './tables.ts';
import { explainStock } from './why.ts';

const pageSchema = z.strictObject(pageQuery);
const ledgerSchema = z.strictObject({
  order: z.enum(['asc', 'desc']).default('asc').openapi({ description: '`desc`: the newest movement first' }),
  ...pageQuery,
});
const productParams = z.object({
  productId: idSchema.meta({ description: 'The id of the product', example: 'PRODUCT_001' }),
});

/** The routes of inventory. */
export function addInventoryRoutes(app: App, context: FunctionContext): void {
  addPath(app, 'Stock', '/stock', {
    get: {
      operationId: 'listStock',
      summary: 'The stock of all products, by product id',
      description: 'A page of stock levels.',
      request: { query: pageSchema, headers: z.object(conditionHeaders) },
      responses: {
        200: answers(
          'A page of stock',
          z.object({ stock: z.array(stockSchema), _links: linksSchema }),
          'application/json',
          etagHeader,
        ),
        ...notModified,
        ...problems(412),
      },
      handler: (c) => listStock(c, context),
    },
  });
  addPath(app, 'Stock', '/stock/{productId}', {
    get: {
      operationId: 'getStock',
      summary: 'The stock of one product',
      description: 'Always received = onHand + sold, and onHand = available + setAside + reserved.',
      request: { params: productParams, headers: z.object(conditionHeaders) },
      responses: {
        200: answers('The stock', stockSchema, 'application/json', etagHeader),
        ...notModified,
        ...problems(412),
      },
      handler: async (c) => answerRead(c, toBody(await existing(c, context))),
    },
  });
  addPath(app, 'Stock', '/stock/{productId}/why', {
    get: {
      operationId: 'explainStock',
      summary: 'Where the units of a product are: what is reserved, set aside and for which orders, and available',
      description: 'Names the first orders of the queue that are short of the product.',
      request: { params: productParams },
      responses: {
        200: answers('A sentence, and an entry for each order that is short', stockWhySchema),
      },
      handler: async (c) => {
        const level = await existing(c, context);
        return c.json({ productId: level.productId, ...(await explainStock(context.store, level)) });
      },
    },
  });
  addLists(app, context);
  addChanges(app, context);
}

/** The changes that a client can ask of the stock of a product. */
function addChanges(app: App, context: FunctionContext): void {
  addPath(app, 'Stock', '/stock/{productId}/receipts', {
    post: {
      operationId: 'receiveStock',
      summary: 'Report received goods; an unknown product is created',
      description: 'Orders that wait for the product are served, the first come first.',
      request: {
        params: productParams,
        headers: idempotencyHeaders('Optional; without a key each request is a receipt of its own.').extend(
          conditionHeaders,
        ),
        body: { content: { 'application/json': { schema: receiptSchema } } },
      },
      responses: {
        201: answers('The stock after the receipt', stockSchema, 'application/json', {
          ...locationHeader('the stock of the product', '/stock/PRODUCT_001'),
          ...replayHeader,
          ...etagHeader,
        }),
        ...problems(409, 412),
      },
      handler: (c) => receiveStock(c, context),
    },
  });
  addPath(app, 'Stock', '/stock/{productId}/corrections', {
    post: {
      operationId: 'correctStock',
      summary: 'Correct the stock of a product: units were found, or are missing and no order holds them',
      description:
        'Units that are found serve the orders that wait. At most the units that no order holds are taken away.',
      request: {
        params: productParams,
        headers: idempotencyHeaders('Optional; without a key each request is a correction of its own.').extend(
          conditionHeaders,
        ),
        body: { content: { 'application/json': { schema: correctionSchema } } },
      },
      responses: {
        201: answers('The stock after the correction', stockSchema, 'application/json', {
          ...locationHeader('the stock of the product', '/stock/PRODUCT_001'),
          ...replayHeader,
          ...etagHeader,
        }),
        ...problems(409, 412),
      },
      handler: (c) => correctStock(c, context),
    },
  });
  addPath(app, 'Stock', '/stock/{productId}/policy', {
    put: {
      operationId: 'setStockPolicy',
      summary: 'Set whether an order that asks for more than there is gets rejected or waits for goods',
      description: 'Holds for orders that come later; a repeat changes nothing.',
      request: {
        params: productParams,
        headers: z.object(conditionHeaders),
        body: { content: { 'application/json': { schema: policySchema } } },
      },
      responses: {
        200: answers('The stock', stockSchema, 'application/json', etagHeader),
        ...problems(409, 412),
      },
      handler: (c) => setPolicy(c, context),
    },
  });
}

function addLists(app: App, context: FunctionContext): void {
  addPath(app, 'Stock', '/stock/{productId}/movements', {
    get: {
      operationId: 'listStockMovements',
      summary: 'The ledger of a product, the oldest movement first, or the newest',
      description: 'Movements older than MOVEMENT_RETENTION_DAYS are summed up in an opening balance.',
      request: { params: productParams, query: ledgerSchema, headers: z.object(conditionHeaders) },
      responses: {
        200: answers(
          'A page of movements',
          z.object({ movements: z.array(movementSchema), _links: linksSchema }),
          'application/json',
          etagHeader,
        ),
        ...notModified,
        ...problems(412),
      },
      handler: (c) => listMovements(c, context),
    },
  });
  addPath(app, 'Stock', '/stock/{productId}/backorders', {
    get: {
      operationId: 'listBackorders',
      summary: 'The orders that wait for a product, in the order in which they are served',
      description: 'The queue of the product, first come first served.',
      request: { params: productParams, query: pageSchema, headers: z.object(conditionHeaders) },
      responses: {
        200: answers(
          'A page of the queue',
          z.object({ backorders: z.array(backorderSchema), _links: linksSchema }),
          'application/json',
          etagHeader,
        ),
        ...notModified,
        ...problems(412),
      },
      handler: (c) => listBackorders(c, context),
    },
  });
}

async function listStock(c: AppContext, { store }: FunctionContext): Promise<Response> {
  const { limit, cursor } = readQuery(c, pageSchema);
  const list = { name: 'stock' };
  const after = placeOf(cursor, list, 'text');
  const rows = await store.find({ table: stock, ...(after === undefined ? {} : { after }), limit: limit + 1 });
  const { page, next } = toPage(rows, limit, list, ({ productId }) => [productId]);
  return answerRead(c, { stock: page.map(toBody), _links: pageLinks(c.req.url, next) });
}

async function listMovements(c: AppContext, context: FunctionContext): Promise<Response> {
  const { productId } = await existing(c, context);
  const { limit, cursor, order } = readQuery(c, ledgerSchema);
  // Cursors of before there was an order are of the ascending one.
  const isDescending = order === 'desc';
  const list = { name: 'movements', filters: { productId, order: isDescending ? order : undefined } };
  const after = placeOf(cursor, list, 'number');
  const rows = await context.store.find({
    table: movements,
    where: { productId },
    orderBy: ['movement'],
    descending: isDescending,
    ...(after === undefined ? {} : { after }),
    limit: limit + 1,
  });
  const { page, next } = toPage(rows, limit, list, ({ movement }) => [movement]);
  return answerRead(c, { movements: page.map(toMovement), _links: pageLinks(c.req.url, next) });
}

async function listBackorders(c: AppContext, context: FunctionContext): Promise<Response> {
  const level = await existing(c, context);
  const { limit, cursor } = readQuery(c, pageSchema);
  const list = { name: 'backorders', filters: { productId: level.productId } };
  const [after = 0] = placeOf(cursor, list, 'number') ?? [];
  const places = await readQueue(context.store, level, { after: Number(after), limit });
  const { page, next } = toPage(places, limit, list, ({ row }) => [row]);
  return answerRead(c, { backorders: page.map(toBackorder), _links: pageLinks(c.req.url, next) });
}

async function existing(c: AppContext, { store }: FunctionContext): Promise<StockLevel> {
  const productId = c.req.param('productId') ?? '';
  const [level] = await store.find({ table: stock, where: { productId }, limit: 1 });
  if (level === undefined) throw new AppError('not_found', `there is no product ${productId.slice(0, 64)}`);
  return level;
}

function toMovement({ productId, movement, kind, quantity, orderId, causedBy, at, reason }: MovementRow) {
  return { movementId: `${productId}:${movement}`, kind, quantity, orderId, causedBy, at, reason };
}
