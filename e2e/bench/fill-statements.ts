/** The rows of a finished order, as SQL over `n(i)`, which numbers the orders of a fill from 1. */

const AT = "'2026-01-01T00:00:00.000Z'";
const ORDER = "printf('FILL-%08d', i)";
const LINES = `'[{"productId":"PRODUCT_001","quantity":3},{"productId":"PRODUCT_002","quantity":2}]'`;
const PRICED = `'[{"productId":"PRODUCT_001","quantity":3,"priceMinor":1000},{"productId":"PRODUCT_002","quantity":2,"priceMinor":500}]'`;
/** Idempotency keys of clients are random; the ids of the store's own messages begin with their time. */
const RANDOM_ID = 'lower(hex(randomblob(18)))';
const PRINT = "'AAAAAAAAAAAAAAAAAAAAAA'";

/** The id of message number `nth` of an order. */
function id(nth: number): string {
  return `printf('%08x-%04x-8000-8000-%012x', i / 65536, i % 65536, ${nth})`;
}

/** As `compact-message.ts` orders them. */
function attributesSql(source: string, type: string, nth: number, cause: string): string {
  return `json_array(${id(nth)}, '${source}', '${type}', ${AT}, ${ORDER}, ${id(0)}, ${cause}, 1)`;
}

function outbox(topic: string, source: string, type: string, nth: number): string {
  const attributes = attributesSql(source, type, nth, id(0));
  const data = `json_object('orderId', ${ORDER}, 'customerId', 'CUSTOMER_001', 'lines', json(${PRICED}))`;
  return `INSERT INTO outbox (topic, subject, attributes, data) SELECT '${topic}', ${ORDER}, ${attributes}, ${data} FROM n`;
}

function inbox(consumer: string, source: string, idSql: string): string {
  return `INSERT INTO inbox (consumer, source, id, fingerprint) SELECT '${consumer}', '${source}', ${idSql}, ${PRINT} FROM n`;
}

/** An order moves each product twice: `reserved`, caused by its first message, then `sold`, caused by its third. */
function movement(productId: string, kind: 'reserved' | 'sold', quantity: number): string {
  const isFirst = kind === 'reserved';
  return `INSERT INTO stock_movement (product_id, movement, kind, quantity, order_id, caused_by, at)
    SELECT '${productId}', (SELECT movements FROM stock WHERE product_id = '${productId}') + 2 * i - ${isFirst ? 1 : 0}, '${kind}',
      ${quantity}, ${ORDER}, ${id(isFirst ? 1 : 3)}, ${AT} FROM n`;
}

function notice(fact: string, nth: number): string {
  return `INSERT INTO notice
    (notification_id, customer_id, order_id, fact, channel, status, text, created_at, sent_at)
    SELECT ${id(nth)}, 'CUSTOMER_001', ${ORDER}, '${fact}', 'log', 'sent', 'Your order ' || ${ORDER} || ' is confirmed.',
      ${AT}, ${AT} FROM n`;
}

export interface Fill {
  /** The function that owns the file. */
  readonly name: 'order' | 'inventory' | 'notification';
  /** The topics it consumes, each with the function that publishes it. */
  readonly reads: Readonly<Record<string, Fill['name']>>;
  readonly statements: readonly string[];
  /** Run once at the end; `@orders` is the number of orders. */
  readonly closing: readonly string[];
}

export const fills: readonly Fill[] = [
  {
    name: 'order',
    reads: { 'inventory-events': 'inventory' },
    statements: [
      `INSERT INTO orders (order_id, customer_id, status, currency, lines, total_minor, placed_at, updated_at, version)
        SELECT ${ORDER}, 'CUSTOMER_001', 'confirmed', 'EUR', ${PRICED}, 4000, ${AT}, ${AT}, 2 FROM n`,
      `INSERT INTO order_fact (order_id, at_version, message)
        SELECT ${ORDER}, 1, json_array(${attributesSql('/inventory', 'StockReserved', 2, id(1))}, json(${LINES})) FROM n`,
      inbox('order', '/http', RANDOM_ID),
      inbox('order', '/inventory', id(2)),
      outbox('order-events', '/order', 'OrderPlaced', 1),
      outbox('order-events', '/order', 'OrderConfirmed', 3),
    ],
    closing: [],
  },
  {
    name: 'inventory',
    reads: { 'order-events': 'order' },
    statements: [
      `INSERT INTO reservation (order_id, status, lines, updated_at) SELECT ${ORDER}, 'sold', ${LINES}, ${AT} FROM n`,
      movement('PRODUCT_001', 'reserved', 3),
      movement('PRODUCT_001', 'sold', 3),
      movement('PRODUCT_002', 'reserved', 2),
      movement('PRODUCT_002', 'sold', 2),
      inbox('inventory', '/order', id(1)),
      inbox('inventory', '/order', id(3)),
      outbox('inventory-events', '/inventory', 'StockReserved', 2),
      outbox('inventory-events', '/inventory', 'StockSold', 4),
    ],
    closing: [
      `UPDATE stock SET on_hand = on_hand - 3 * @orders, sold = sold + 3 * @orders, movements = movements + 2 * @orders
        WHERE product_id = 'PRODUCT_001'`,
      `UPDATE stock SET on_hand = on_hand - 2 * @orders, sold = sold + 2 * @orders, movements = movements + 2 * @orders
        WHERE product_id = 'PRODUCT_002'`,
    ],
  },
  {
    name: 'notification',
    reads: { 'order-events': 'order' },
    statements: [
      notice('OrderPlaced', 5),
      notice('OrderConfirmed', 6),
      inbox('notification', '/order', id(1)),
      inbox('notification', '/order', id(3)),
    ],
    closing: [],
  },
];
