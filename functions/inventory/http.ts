import { z } from '@hono/zod-openapi';
import { v7 as uuidv7 } from 'uuid';
import { idSchema, QUANTITY_MAX, SCHEMA_VERSION } from '../../saga/messages.ts';
import { AppError } from '../../shared/core/errors.ts';
import { command, namedId } from '../../shared/core/message.ts';
import type { FunctionContext } from '../../shared/runtime/function.ts';
import {
  type App,
  type AppContext,
  addPath,
  answers,
  idempotencyKey,
  problems,
  readBody,
  readQuery,
  traceparent,
} from '../../shared/runtime/http.ts';
import { linksSchema, pageLinks, pageQuery, placeOf, toPage } from '../../shared/runtime/paging.ts';
import { available, type Inventory, type StockLevel } from './state.ts';
import { type MovementRow, movements, receipts, stock } from './tables.ts';

const stockSchema = z
  .object({
    productId: z.string(),
    name: z.string().nullable(),
    received: z.int(),
    onHand: z.int(),
    reserved: z.int(),
    available: z.int(),
    sold: z.int(),
  })
  .openapi('Stock');

const movementSchema = z
  .object({
    movementId: z.string(),
    kind: z.enum(['received', 'reserved', 'released', 'sold', 'returned', 'corrected']),
    quantity: z.int(),
    orderId: z.string().nullable(),
    causedBy: z.string(),
    at: z.iso.datetime(),
  })
  .openapi('Movement');

const receiptSchema = z
  .strictObject({
    quantity: z
      .int('must be a whole number')
      .min(1, 'must be at least 1')
      .max(QUANTITY_MAX, `must be at most ${QUANTITY_MAX}`),
    name: z.string().min(1).max(200).optional(),
  })
  .openapi('Receipt', { example: { quantity: 10, name: 'Lamp' } });

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
  addPath(app, 'Stock', '/stock/{productId}/movements', {
    get: {
      summary: 'The ledger of a product, the oldest movement first',
      request: { params: productParams, query: pageSchema },
      responses: {
        200: answers('A page of movements', z.object({ movements: z.array(movementSchema), _links: linksSchema })),
        ...problems(404),
      },
      handler: (c) => listMovements(c, context),
    },
  });
  addPath(app, 'Stock', '/stock/{productId}/receipts', {
    post: {
      summary: 'Report goods that have arrived; a product that is not known is created',
      request: {
        params: productParams,
        headers: z.object({ 'idempotency-key': z.string().optional() }),
        body: { content: { 'application/json': { schema: receiptSchema } } },
      },
      responses: { 201: answers('The stock after it', stockSchema), ...problems(400, 413, 415, 422, 503, 507) },
      handler: (c) => receiveStock(c, context),
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

async function receiveStock(c: AppContext, context: FunctionContext): Promise<Response> {
  const key = idempotencyKey(c);
  const product = idSchema.safeParse(c.req.param('productId'));
  if (!product.success) throw new AppError('not_found', 'there can be no product with this id');
  const productId = product.data;
  const { quantity, name = null } = await readBody(c, receiptSchema);
  const id = key === null ? uuidv7() : namedId(`POST /stock/receipts ${key}`);
  const message = command(
    { type: 'ReceiveStock', subject: productId, data: { productId, quantity, name } },
    {
      id,
      time: new Date(context.clock.nowMs()).toISOString(),
      schemaversion: SCHEMA_VERSION,
      traceparent: traceparent(c),
    },
  );
  const outcome = await context.submit(message, { deduplicate: key !== null });
  if (outcome.kind === 'id_reused') {
    throw new AppError('idempotency_key_reused', `the Idempotency-Key ${key} was used before with another receipt`);
  }
  const isReplay = outcome.kind === 'duplicate';
  const level =
    outcome.kind === 'handled' ? (outcome.state as Inventory).stock.get(productId) : await first(context, id);
  if (level === undefined)
    throw new AppError('conflict', `the receipt of ${productId} was removed after it was booked`);
  if (isReplay) c.header('Idempotent-Replayed', 'true');
  c.header('Location', `/stock/${encodeURIComponent(productId)}`);
  return c.json(toBody(level), 201);
}

/** The books as they were right after a receipt was first reported. */
async function first({ store }: FunctionContext, messageId: string): Promise<StockLevel | undefined> {
  const [receipt] = await store.find({ table: receipts, where: { messageId }, limit: 1 });
  return receipt?.level;
}

async function existing(c: AppContext, { store }: FunctionContext): Promise<StockLevel> {
  const productId = c.req.param('productId') ?? '';
  const [level] = await store.find({ table: stock, where: { productId }, limit: 1 });
  if (level === undefined) throw new AppError('not_found', `there is no product ${productId.slice(0, 64)}`);
  return level;
}

function toBody(level: StockLevel): z.infer<typeof stockSchema> {
  const { productId, name, received, onHand, reserved, sold } = level;
  return { productId, name, received, onHand, reserved, available: available(level), sold };
}

function toMovement({ productId, movement, kind, quantity, orderId, causedBy, at }: MovementRow) {
  return { movementId: `${productId}:${movement}`, kind, quantity, orderId, causedBy, at };
}
