/** Searches for what must not be there. Each gives a sentence for every place where the books contradict themselves. */
import { isFinal, orderStatuses, transitions } from '../../saga/lifecycle.ts';
import { readings } from './prepare.ts';

export interface Search {
  /** What holds, as a sentence. */
  readonly promise: string;
  /** What `counted` counts, in the plural. */
  readonly unit: string;
  /** How many were looked at. */
  readonly counted: string;
  /** A sentence for each that is wrong; none when all is well. */
  readonly wrong: string;
}

const OPEN = quoted(orderStatuses.filter((status) => !isFinal(status)));
const FACTS = quoted(transitions.map(({ event }) => event));
const LEGAL = transitions.map(({ to, event }) => `(${quoted([to, event])})`).join(', ');

/** Whether a consumer has read, and still remembers, the message `e`. */
const read = (consumer: string): string =>
  `EXISTS (SELECT 1 FROM reading r WHERE r.consumer = '${consumer}' AND r.topic = e.topic
    AND e.position <= r.position AND e.position > r.since)`;
const orderRead = `(SELECT position FROM reading WHERE consumer = 'order' AND topic = 'inventory-events')`;
const orderKept = `NOT EXISTS (SELECT 1 FROM removed WHERE name = 'order')`;

const outcomes: readonly Search[] = [
  {
    promise: 'each order has its outcome, or a message on its way',
    unit: 'orders',
    counted: 'SELECT count(*) FROM "order".orders',
    wrong: `SELECT 'order ' || o.order_id || ' is ' || o.status || ' since ' || o.placed_at || ', and no message about it is left to read'
      FROM "order".orders o JOIN sent e ON e.order_id = o.order_id AND e.type = 'OrderPlaced'
      WHERE o.status IN (${OPEN}) AND ${read('inventory')} AND NOT EXISTS (
        SELECT 1 FROM sent a INDEXED BY sent_by_order WHERE a.order_id = o.order_id AND a.topic = 'inventory-events'
          AND a.type IN ('StockReserved', 'StockRejected') AND a.position > ${orderRead})`,
  },
  {
    promise: 'orders say what their events say',
    unit: 'orders',
    counted: 'SELECT count(*) FROM "order".orders',
    wrong: `SELECT 'order ' || order_id || ' is ' || status || ' and its last event is ' || coalesce(last, 'missing') FROM (
        SELECT o.order_id, o.status, (SELECT e.type FROM sent e INDEXED BY sent_by_order WHERE e.order_id = o.order_id AND e.topic = 'order-events'
          ORDER BY e.position DESC LIMIT 1) AS last FROM "order".orders o)
      WHERE (status, last) NOT IN (VALUES ${LEGAL})
        OR last IS NULL
      UNION ALL
      SELECT 'there are events of order ' || order_id || ' and no such order' FROM sent
      WHERE topic = 'order-events' AND type = 'OrderPlaced' AND order_id NOT IN (SELECT order_id FROM "order".orders)
      UNION ALL
      SELECT 'order ' || order_id || ' has ' || count(*) || ' times ' || type FROM sent
      WHERE topic = 'order-events' GROUP BY order_id, type HAVING count(*) > 1
      UNION ALL
      SELECT 'order ' || order_id || ' was confirmed and rejected' FROM sent
      WHERE type IN ('OrderConfirmed', 'OrderRejected') GROUP BY order_id HAVING count(DISTINCT type) > 1`,
  },
  {
    promise: 'totals of orders are the sums of their lines',
    unit: 'orders',
    counted: 'SELECT count(*) FROM "order".orders',
    wrong: `SELECT 'order ' || o.order_id || ' has the total ' || o.total_minor || ' and lines of ' || coalesce(l.amount, 0)
      FROM "order".orders o LEFT JOIN (SELECT order_id, sum(amount) AS amount FROM ordered GROUP BY 1) l USING (order_id)
      WHERE o.total_minor IS NOT l.amount`,
  },
];

const stock: readonly Search[] = [
  {
    promise: 'what is confirmed is sold',
    unit: 'confirmed orders',
    counted: `SELECT count(*) FROM "order".orders WHERE status = 'confirmed'`,
    wrong: `SELECT 'order ' || o.order_id || ' is confirmed and its stock is ' || coalesce(v.status, 'not reserved')
      FROM "order".orders o JOIN sent e ON e.order_id = o.order_id AND e.type = 'OrderConfirmed'
      LEFT JOIN inventory.reservation v ON v.order_id = o.order_id
      WHERE o.status = 'confirmed' AND
        ((${read('inventory')} AND v.status IS NOT 'sold') OR v.status IN ('released', 'rejected'))`,
  },
  {
    promise: 'what is sold is confirmed',
    unit: 'sold reservations',
    counted: `SELECT count(*) FROM inventory.reservation WHERE status = 'sold'`,
    wrong: `SELECT 'the stock of order ' || v.order_id || ' is sold and the order is ' || coalesce(o.status, 'missing')
      FROM inventory.reservation v LEFT JOIN "order".orders o ON o.order_id = v.order_id
      WHERE v.status = 'sold' AND (o.status <> 'confirmed' OR (o.status IS NULL AND ${orderKept}))`,
  },
  {
    promise: 'nothing is held for an order that was rejected, or that nobody placed',
    unit: 'open reservations and rejected orders',
    counted: `SELECT (SELECT count(*) FROM inventory.reservation WHERE status = 'held') +
      (SELECT count(*) FROM "order".orders WHERE status = 'rejected')`,
    wrong: `SELECT 'order ' || o.order_id || ' is rejected and its stock is ' || v.status
      FROM "order".orders o JOIN sent e ON e.order_id = o.order_id AND e.type = 'OrderRejected'
      JOIN inventory.reservation v ON v.order_id = o.order_id
      WHERE o.status = 'rejected' AND v.status IN ('held', 'sold') AND ${read('inventory')}
      UNION ALL
      SELECT 'stock is held for order ' || order_id || ', which does not exist' FROM inventory.reservation
      WHERE status = 'held' AND ${orderKept} AND order_id NOT IN (SELECT order_id FROM "order".orders)`,
  },
  {
    promise: 'reservations have the lines of their orders',
    unit: 'reservations held or sold',
    counted: `SELECT count(*) FROM inventory.reservation WHERE status IN ('held', 'sold')`,
    wrong: `WITH theirs AS (SELECT order_id, product_id, quantity FROM reserved WHERE order_id IN (SELECT order_id FROM "order".orders)),
      ours AS (SELECT order_id, product_id, quantity FROM ordered
        WHERE order_id IN (SELECT order_id FROM inventory.reservation WHERE status IN ('held', 'sold')))
      SELECT 'order ' || order_id || ' asks for ' || quantity || ' of ' || product_id || ' and that is not what is reserved'
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
    promise: 'no notice without its fact',
    unit: 'notices',
    counted: 'SELECT count(*) FROM notification.notice',
    wrong: `SELECT 'order ' || n.order_id || ' has a notice of ' || n.fact || ', which never happened' FROM notification.notice n
      WHERE ${orderKept} AND NOT EXISTS (
        SELECT 1 FROM sent e INDEXED BY sent_by_order WHERE e.topic = 'order-events' AND e.order_id = n.order_id AND e.type = n.fact)`,
  },
];

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
        AND NOT EXISTS (SELECT 1 FROM "${consumer}".dead_letter d WHERE d.topic = e.topic AND d.position = e.position)`,
  })),
  ...(['inventory', 'notification'] as const).map((consumer) => ({
    promise: `${consumer} handled nothing that was never sent`,
    unit: 'inbox rows',
    counted: `SELECT count(*) FROM "${consumer}".inbox WHERE source = '/order'`,
    wrong: `SELECT '${consumer} handled ' || id || ', which order never sent' FROM "${consumer}".inbox
      WHERE source = '/order' AND ${orderKept} AND id NOT IN (SELECT id FROM sent)`,
  })),
  ...(['inventory', 'notification', 'order'] as const).map((consumer) => ({
    promise: `${consumer} handled no message twice`,
    unit: 'inbox rows',
    counted: `SELECT count(*) FROM "${consumer}".inbox`,
    wrong: `SELECT '${consumer} has ' || id || ' of ' || source || ' ' || count(*) || ' times in its inbox'
      FROM "${consumer}".inbox GROUP BY source, id HAVING count(*) > 1`,
  })),
];

const outboxes: readonly Search[] = (['order', 'inventory', 'commands'] as const).flatMap((schema) => [
  {
    promise: `the outbox of ${schema} has no gap${schema === 'commands' ? '' : ' and no id twice'}`,
    unit: 'messages',
    counted: `SELECT count(*) FROM "${schema}".outbox`,
    wrong: `SELECT 'the outbox of ${schema} has ' || count(*) || ' messages between positions ' || min(position) || ' and ' || last
      FROM (SELECT position, (SELECT seq FROM "${schema}".sqlite_sequence WHERE name = 'outbox') AS last FROM "${schema}".outbox)
      HAVING count(*) > 0 AND count(*) <> last - min(position) + 1
      ${schema === 'commands' ? '' : `UNION ALL SELECT 'the outbox of ${schema} has ' || id || ' ' || count(*) || ' times' FROM "${schema}".outbox_message GROUP BY id HAVING count(*) > 1`}`,
  },
]);

export const searches: readonly Search[] = [...outcomes, ...stock, ...notices, ...inboxes, ...outboxes];

function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(', ');
}
