/** Searches for what must not be there. Each gives a sentence for every place where the books contradict themselves. */
import { type FunctionName, functionNames, noticeFacts } from '../../saga/choreography.ts';
import { hasOutcome, type OrderStatus, orderStatuses, transitions } from '../../saga/lifecycle.ts';
import { publishers, readings } from './prepare.ts';

export interface Search {
  /** The invariant, as a sentence. */
  readonly promise: string;
  /** What `counted` counts, in the plural. */
  readonly unit: string;
  /** SQL: the number of rows that were checked. */
  readonly counted: string;
  /** SQL: a sentence for each violation; no row when the invariant holds. */
  readonly wrong: string;
}

const OPEN = quoted(orderStatuses.filter((status) => !hasOutcome(status)));
const FACTS = quoted(noticeFacts);
/** The answers of inventory to a placed order. */
export const ANSWERS = quoted(['StockReserved', 'StockBackordered', 'StockRejected']);
const LEGAL = transitions.map(({ to, event }) => `(${quoted([to, event])})`).join(', ');
/** The events of an order that may follow one another; the first follows none. */
const FOLLOWS = transitions
  .flatMap(({ from, event }) => {
    const before = transitions.filter(({ to }) => to === from).map((row) => row.event);
    return (from === null ? [''] : before).map((each) => `(${quoted([each, event])})`);
  })
  .join(', ');
/** The statuses in which the goods of an order are the customer's. */
const KEEPS_GOODS = quoted(['confirmed', 'dispatched'] satisfies OrderStatus[]);

/** Whether the consumer has read the message `e`, has not parked or dead-lettered it, and its data still covers it. */
const read = (consumer: string): string =>
  `EXISTS (SELECT 1 FROM reading r WHERE r.consumer = '${consumer}' AND r.topic = e.topic
    AND e.position <= r.position AND e.position > r.since) AND NOT ${isParkedOrDead(consumer, 'e')}`;
/** Whether the message `e` lies below a watermark of the consumer. */
const isBelowWatermark = (consumer: string): string =>
  `(EXISTS (SELECT 1 FROM folded d WHERE d.consumer = '${consumer}' AND d.topic = e.topic
    AND e.position > d.after AND e.position <= d.upto)
  OR EXISTS (SELECT 1 FROM vouched d WHERE d.consumer = '${consumer}' AND d.topic = e.topic AND d.position = e.position))`;
/** Whether the message `e` waits for an operator of the consumer. */
const isDead = (consumer: FunctionName): string =>
  `EXISTS (SELECT 1 FROM dead l WHERE l.consumer = '${consumer}' AND l.topic = e.topic AND l.position = e.position)`;
/** Whether the order is not in the state of which the notice `n` told, nor in one that may follow it. */
const isUntrueNotice = `CASE n.fact WHEN 'OrderCancelled' THEN o.status <> 'cancelled' WHEN 'OrderRejected' THEN o.status <> 'rejected'
  WHEN 'OrderConfirmed' THEN o.status NOT IN (${KEEPS_GOODS}, 'cancelled') ELSE 0 END`;
const orderRead = `(SELECT position FROM reading WHERE consumer = 'order' AND topic = 'inventory-events')`;
/** Whether order still has all its data: nothing of it was pruned or removed. */
const isComplete = `NOT EXISTS (SELECT 1 FROM removed WHERE name = 'order')`;
/** Whether every order is there. Orders are never pruned, only their events are; on request all are removed. */
const hasAllOrders = `NOT EXISTS (SELECT 1 FROM removed WHERE name = 'orders')`;

/**
 * The place of the oldest order whose first event is still there. Orders and their first events are written in the same
 * order, and events are pruned from the oldest on: each later order has its events. Times prove nothing: a clock may leap.
 */
const firstPlaced = `(SELECT min(first.sequence) FROM "order".orders first
  JOIN sent p ON p.order_id = first.order_id AND p.type = 'OrderPlaced' AND p.topic = 'order-events')`;

const outcomes: readonly Search[] = [
  {
    promise: 'each order has an outcome, waits for goods, or has a message in flight',
    unit: 'orders',
    counted: 'SELECT count(*) FROM "order".orders',
    wrong: `SELECT 'order ' || o.order_id || ' is ' || o.status || ' since ' || o.placed_at || ', and no message about it is left to read'
      FROM "order".orders o JOIN sent e ON e.order_id = o.order_id AND e.type = 'OrderPlaced'
      WHERE o.status IN (${OPEN}) AND ${read('inventory')} AND NOT (o.status = 'backordered' AND EXISTS (
          SELECT 1 FROM inventory.reservation v WHERE v.order_id = o.order_id AND v.status = 'waiting'))
        AND NOT EXISTS (
          SELECT 1 FROM sent a INDEXED BY sent_by_order WHERE a.order_id = o.order_id AND a.topic = 'inventory-events'
            AND a.type IN (${ANSWERS}) AND (a.position > ${orderRead} OR ${isParkedOrDead('order', 'a')}))`,
  },
  {
    promise: 'each order without an outcome has a deadline, and no other order has one',
    unit: 'orders',
    counted: 'SELECT count(*) FROM "order".orders',
    wrong: `SELECT 'order ' || order_id || ' is ' || status || ' and has no deadline' FROM "order".orders
      WHERE status IN (${OPEN}) AND due_at IS NULL AND order_id NOT IN (SELECT key FROM "order".parked_key)
      UNION ALL
      SELECT 'order ' || order_id || ' is ' || status || ' and has the deadline ' || due_at FROM "order".orders
      WHERE status NOT IN (${OPEN}) AND due_at IS NOT NULL`,
  },
  {
    promise: 'each order agrees with its events',
    unit: 'orders',
    counted: 'SELECT count(*) FROM "order".orders',
    wrong: `SELECT 'order ' || order_id || ' is ' || status || ' and its last event is ' || coalesce(last, 'missing') FROM (
        SELECT o.order_id, o.sequence, o.status, (SELECT e.type FROM sent e INDEXED BY sent_by_order WHERE e.order_id = o.order_id AND e.topic = 'order-events'
          ORDER BY e.position DESC LIMIT 1) AS last FROM "order".orders o)
      WHERE (status, last) NOT IN (VALUES ${LEGAL})
        OR (last IS NULL AND (${isComplete} OR sequence > ${firstPlaced}))
      UNION ALL
      SELECT 'order ' || order_id || ' is ' || status || ' and its time of dispatch is ' || coalesce(dispatched_at, 'missing')
      FROM "order".orders WHERE (status = 'dispatched') <> (dispatched_at IS NOT NULL)
      UNION ALL
      SELECT 'there are events of order ' || order_id || ' and no such order' FROM sent
      WHERE topic = 'order-events' AND type = 'OrderPlaced' AND order_id NOT IN (SELECT order_id FROM "order".orders)
      UNION ALL
      SELECT 'order ' || order_id || ' has ' || type || ' after ' || iif(before = '', 'nothing', before) FROM (
        SELECT order_id, type, lag(type, 1, '') OVER (PARTITION BY order_id ORDER BY position) AS before
        FROM sent WHERE topic = 'order-events')
      WHERE (before, type) NOT IN (VALUES ${FOLLOWS}) AND (before <> '' OR ${isComplete})`,
  },
  {
    promise: 'the total of each order is the sum of its lines',
    unit: 'orders',
    counted: 'SELECT count(*) FROM "order".orders',
    wrong: `SELECT 'order ' || o.order_id || ' has the total ' || o.total_minor || ' and lines of ' || coalesce(l.amount, 0)
      FROM "order".orders o LEFT JOIN (SELECT order_id, sum(amount) AS amount FROM ordered GROUP BY 1) l USING (order_id)
      WHERE o.total_minor IS NOT l.amount`,
  },
];

const stock: readonly Search[] = [
  {
    promise: 'the stock of each confirmed or dispatched order is sold',
    unit: 'confirmed or dispatched orders',
    counted: `SELECT count(*) FROM "order".orders WHERE status IN (${KEEPS_GOODS})`,
    wrong: `SELECT 'order ' || o.order_id || ' is ' || o.status || ' and its stock is ' || coalesce(v.status, 'not reserved')
      FROM "order".orders o JOIN sent e ON e.order_id = o.order_id AND e.type = 'OrderConfirmed'
      LEFT JOIN inventory.reservation v ON v.order_id = o.order_id
      WHERE o.status IN (${KEEPS_GOODS}) AND
        ((${read('inventory')} AND v.status IS NOT 'sold') OR v.status IN ('released', 'returned', 'rejected', 'refused')
          OR (coalesce(v.status, 'waiting') = 'waiting' AND ${isDead('inventory')}))`,
  },
  {
    promise: 'each sold reservation belongs to an order that was confirmed',
    unit: 'sold reservations',
    counted: `SELECT count(*) FROM inventory.reservation WHERE status = 'sold'`,
    wrong: `SELECT 'the stock of order ' || v.order_id || ' is sold and the order is ' || coalesce(o.status, 'missing')
      FROM inventory.reservation v LEFT JOIN "order".orders o ON o.order_id = v.order_id
      WHERE v.status = 'sold' AND iif(o.status IS NULL, ${hasAllOrders}, o.status NOT IN (${KEEPS_GOODS}) AND NOT (
        o.status = 'cancelled' AND (NOT ${isComplete} OR EXISTS (
          SELECT 1 FROM sent e INDEXED BY sent_by_order WHERE e.order_id = v.order_id AND e.type = 'OrderConfirmed'))))`,
  },
  {
    promise: 'no reservation is held, sold or waiting for an order that was rejected, cancelled or never placed',
    unit: 'open reservations and rejected or cancelled orders',
    counted: `SELECT (SELECT count(*) FROM inventory.reservation WHERE status IN ('held', 'waiting')) +
      (SELECT count(*) FROM "order".orders WHERE status IN ('rejected', 'cancelled'))`,
    wrong: `SELECT 'order ' || o.order_id || ' is ' || o.status || ' and its stock is ' || v.status
      FROM "order".orders o JOIN sent e ON e.order_id = o.order_id AND e.type IN ('OrderRejected', 'OrderCancelled')
      JOIN inventory.reservation v ON v.order_id = o.order_id
      WHERE o.status IN ('rejected', 'cancelled') AND v.status IN ('held', 'waiting', 'sold') AND ${read('inventory')}
      UNION ALL
      SELECT 'stock is ' || status || ' for order ' || order_id || ', which does not exist' FROM inventory.reservation
      WHERE status IN ('held', 'waiting') AND ${hasAllOrders} AND order_id NOT IN (SELECT order_id FROM "order".orders)`,
  },
  {
    promise: 'each released, returned or refused reservation belongs to a rejected or cancelled order',
    unit: 'reservations released, returned or refused',
    counted: `SELECT count(*) FROM inventory.reservation WHERE status IN ('released', 'returned', 'refused')`,
    wrong: `SELECT 'the stock of order ' || v.order_id || ' is ' || v.status || ' and the order is ' || coalesce(o.status, 'missing')
      FROM inventory.reservation v LEFT JOIN "order".orders o ON o.order_id = v.order_id
      WHERE v.status IN ('released', 'returned', 'refused') AND iif(o.status IS NULL, ${hasAllOrders},
        o.status NOT IN ('rejected', 'cancelled'))`,
  },
  {
    promise: 'each waiting order is in the queue of each of its products, and no other order is',
    unit: 'places in queues',
    counted: 'SELECT count(*) FROM inventory.backorder',
    wrong: `WITH waits AS (SELECT order_id, product_id, quantity FROM reserved WHERE status = 'waiting'),
      queue AS (SELECT order_id, product_id, quantity FROM inventory.backorder)
      SELECT 'order ' || order_id || ' waits for ' || quantity || ' of ' || product_id || ' and is not in the queue'
      FROM (SELECT * FROM waits EXCEPT SELECT * FROM queue)
      UNION ALL
      SELECT 'order ' || order_id || ' is in the queue for ' || quantity || ' of ' || product_id || ' and does not wait'
      FROM (SELECT * FROM queue EXCEPT SELECT * FROM waits)`,
  },
  {
    promise: 'each waiting order is short of a product',
    unit: 'reservations waiting',
    counted: `SELECT count(*) FROM inventory.reservation WHERE status = 'waiting'`,
    wrong: `SELECT 'order ' || order_id || ' waits and is short of no product' FROM inventory.reservation
      WHERE status = 'waiting' AND order_id NOT IN (SELECT order_id FROM inventory.backorder WHERE is_short)`,
  },
  {
    promise: 'each reservation has the lines of its order',
    unit: 'reservations held, waiting or sold',
    counted: `SELECT count(*) FROM inventory.reservation WHERE status IN ('held', 'waiting', 'sold')`,
    wrong: `WITH theirs AS (SELECT order_id, product_id, quantity FROM reserved WHERE order_id IN (SELECT order_id FROM "order".orders)),
      ours AS (SELECT order_id, product_id, quantity FROM ordered
        WHERE order_id IN (SELECT order_id FROM inventory.reservation WHERE status IN ('held', 'waiting', 'sold')))
      SELECT 'order ' || order_id || ' asks for ' || quantity || ' of ' || product_id || ', which is not what is reserved'
      FROM (SELECT * FROM ours EXCEPT SELECT * FROM theirs)
      UNION ALL
      SELECT quantity || ' of ' || product_id || ' are reserved for order ' || order_id || ', which did not ask for that'
      FROM (SELECT * FROM theirs EXCEPT SELECT * FROM ours)`,
  },
  {
    promise: 'each movement names the message that caused it, and happens once',
    unit: 'movements',
    counted: 'SELECT count(*) FROM inventory.stock_movement',
    wrong: `SELECT 'movement ' || movement || ' of ' || product_id || ' was caused by ' || caused_by || ', which inventory never handled'
      FROM inventory.stock_movement WHERE order_id IS NOT NULL AND caused_by NOT IN (SELECT id FROM inventory.inbox)
        AND NOT EXISTS (SELECT 1 FROM sent e WHERE e.id = caused_by AND ${isBelowWatermark('inventory')})
        AND (${isComplete} OR caused_by IN (SELECT id FROM sent))
      UNION ALL
      SELECT product_id || ' was ' || kind || ' ' || count(*) || ' times for order ' || order_id
      FROM inventory.stock_movement WHERE order_id IS NOT NULL GROUP BY order_id, product_id, kind HAVING count(*) > 1`,
  },
];

const notices: readonly Search[] = [
  {
    promise: 'each fact that notification has read has exactly one notice',
    unit: 'facts',
    counted: `SELECT count(*) FROM sent e WHERE e.topic = 'order-events' AND e.type IN (${FACTS}) AND ${read('notification')}`,
    wrong: `SELECT 'order ' || e.order_id || ' has no notice of ' || e.type || ' for ' || e.customer_id
      FROM sent e WHERE e.topic = 'order-events' AND e.type IN (${FACTS}) AND ${read('notification')} AND NOT EXISTS (
        SELECT 1 FROM notification.notice n
        WHERE n.order_id = e.order_id AND n.fact = e.type AND n.customer_id = e.customer_id)
      UNION ALL
      SELECT 'order ' || order_id || ' has ' || count(*) || ' notices of ' || fact FROM notification.notice
      GROUP BY order_id, fact HAVING count(*) > 1`,
  },
  {
    promise: 'each notice has its fact',
    unit: 'notices',
    counted: 'SELECT count(*) FROM notification.notice',
    wrong: `SELECT 'order ' || n.order_id || ' has a notice of ' || n.fact || ', which never happened' FROM notification.notice n
      LEFT JOIN "order".orders o USING (order_id)
      WHERE ${hasAllOrders} AND (${isComplete} OR o.status IS NULL OR ${isUntrueNotice}) AND NOT EXISTS (
        SELECT 1 FROM sent e INDEXED BY sent_by_order WHERE e.topic = 'order-events' AND e.order_id = n.order_id AND e.type = n.fact)`,
  },
  {
    promise: 'each notice is sent, has failed with its error, or is due',
    unit: 'notices',
    counted: 'SELECT count(*) FROM notification.notice',
    wrong: `SELECT 'order ' || order_id || ' has a notice of ' || fact || ' that is ' || status || ' and ' || CASE status
        WHEN 'sent' THEN 'has no time of its sending' WHEN 'failed' THEN 'has no error' ELSE 'is never tried again' END
      FROM notification.notice WHERE CASE status WHEN 'sent' THEN sent_at IS NULL OR due_at IS NOT NULL
        WHEN 'failed' THEN last_error IS NULL OR due_at IS NOT NULL ELSE refusals > 0 AND due_at IS NULL END`,
  },
];

/** Ids of the messages that replaced sent ones when an operator edited dead letters. */
function editedIds(consumer: FunctionName): string {
  return `SELECT after ->> '$.id' FROM "${consumer}".decision WHERE action = 'edit' AND after ->> '$.id' IS NOT NULL`;
}

const inboxes: readonly Search[] = [
  ...readings.map(({ consumer, topic }) => ({
    promise: `${consumer} remembers every message of ${topic} that it has read`,
    unit: 'messages',
    counted: `SELECT count(*) FROM sent e JOIN input USING (type)
      WHERE consumer = '${consumer}' AND e.topic = '${topic}' AND ${read(consumer)}`,
    wrong: `SELECT '${consumer} has read past ${topic} ' || e.position || ' (' || e.type || ' of ' || e.order_id || ') and did not handle it'
      FROM sent e JOIN input i ON i.type = e.type AND i.consumer = '${consumer}'
      WHERE e.topic = '${topic}' AND ${read(consumer)}
        AND NOT EXISTS (SELECT 1 FROM "${consumer}".inbox b WHERE b.consumer = '${consumer}' AND b.source = e.source AND b.id = e.id)
        AND NOT ${isBelowWatermark(consumer)}`,
  })),
  ...readings
    .filter(({ schema }) => schema === 'order')
    .map(({ consumer }) => ({
      promise: `${consumer} handled only messages that were sent`,
      unit: 'inbox rows',
      counted: `SELECT count(*) FROM "${consumer}".inbox WHERE source = '/order'`,
      wrong: `SELECT '${consumer} handled ' || id || ', which order never sent' FROM "${consumer}".inbox
      WHERE source = '/order' AND ${isComplete} AND id NOT IN (SELECT id FROM sent)
        AND NOT EXISTS (SELECT 1 FROM lost WHERE lost.consumer = '${consumer}' AND topic = 'order-events')
        AND id NOT IN (${editedIds(consumer)})`,
    })),
  ...functionNames.map((consumer) => ({
    promise: `${consumer} handled no message twice`,
    unit: 'inbox rows',
    counted: `SELECT count(*) FROM "${consumer}".inbox`,
    wrong: `SELECT '${consumer} has ' || id || ' of ' || source || ' ' || count(*) || ' times in its inbox'
      FROM "${consumer}".inbox GROUP BY source, id HAVING count(*) > 1`,
  })),
];

const outboxes: readonly Search[] = [...publishers, 'commands'].flatMap((schema) => [
  {
    promise: `the outbox of ${schema} has no gap${schema === 'commands' ? '' : ' and no duplicate id'}`,
    unit: 'messages',
    counted: `SELECT count(*) FROM "${schema}".outbox`,
    wrong: `SELECT 'the outbox of ${schema} has ' || count(*) || ' messages between positions ' || min(position) || ' and ' || last
      FROM (SELECT position, (SELECT seq FROM "${schema}".sqlite_sequence WHERE name = 'outbox') AS last FROM "${schema}".outbox)
      HAVING count(*) > 0 AND count(*) <> last - min(position) + 1
      ${schema === 'commands' ? '' : `UNION ALL SELECT 'the outbox of ${schema} has ' || id || ' ' || count(*) || ' times' FROM "${schema}".outbox_message GROUP BY id HAVING count(*) > 1`}`,
  },
]);

export const searches: readonly Search[] = [...outcomes, ...stock, ...notices, ...inboxes, ...outboxes];

/** Whether the message with this alias is parked or dead-lettered at the consumer. */
function isParkedOrDead(consumer: string, alias: string): string {
  return `EXISTS (SELECT 1 FROM aside x
    WHERE x.consumer = '${consumer}' AND x.topic = ${alias}.topic AND x.position = ${alias}.position)`;
}

function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(', ');
}
