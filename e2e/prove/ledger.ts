/** Reads the figures of a store as plain values: its ledger. */
import type Database from 'better-sqlite3';
import { type FunctionName, functionNames } from '../../saga/choreography.ts';
import { prepare, readings } from './prepare.ts';
import { ANSWERS, searches } from './searches.ts';
import { type Snapshot, withSnapshot } from './snapshot.ts';

/** Contradictions of one kind that are reported in full. */
const EXAMPLES_MAX = 10;

/** Units of one product: its stock level, and the sums that the level is compared with. */
export interface ProductLedger {
  readonly productId: string;
  /** The row of `stock`; null where a product has movements or reservations and no such row. */
  readonly level: {
    readonly received: number;
    readonly onHand: number;
    readonly reserved: number;
    readonly sold: number;
    readonly corrected: number;
    readonly movements: number;
    readonly backordered: number;
  } | null;
  /** Sums of the lines of reservations, by status. */
  readonly reservations: { readonly held: number; readonly sold: number };
  /** Units that the orders in the queue of the product ask for while they are short of it. */
  readonly queued: number;
  /** Sums of movements by kind, and the count of movements. */
  readonly moved: {
    readonly received: number;
    readonly reserved: number;
    readonly released: number;
    readonly sold: number;
    readonly returned: number;
    readonly corrected: number;
    readonly movements: number;
  };
}

/** The position a consumer has read a topic up to, and the position of the topic's last message. */
export interface ReadingProgress {
  readonly consumer: string;
  readonly topic: string;
  readonly position: number;
  readonly end: number;
}

/** The result of one search. `wrong` counts its findings, `examples` holds the first of them. */
export interface SearchResult {
  readonly promise: string;
  readonly unit: string;
  readonly counted: number;
  readonly wrong: number;
  readonly examples: readonly string[];
}

export interface Books {
  readonly products: readonly ProductLedger[];
  readonly orders: {
    readonly byStatus: Readonly<Record<string, number>>;
    /** Orders whose next message is unread, by the function that has not read it. */
    readonly waiting: { readonly inventory: number; readonly order: number };
    /** Orders that wait for goods. They are not in `waiting`. */
    readonly queued: number;
  };
  readonly notices: { readonly byStatus: Readonly<Record<string, number>> };
  readonly readings: readonly ReadingProgress[];
  readonly searches: readonly SearchResult[];
  /** Open dead letters, by function. */
  readonly deadLetters: Readonly<Record<string, number>>;
  /** Messages that wait for their next attempt or behind another parked message, by function. */
  readonly parked: Readonly<Record<string, number>>;
  /** Functions whose old data was pruned, or removed on request: older data is not compared with it. */
  readonly removed: readonly string[];
  /** Consumers that have read messages which their topic no longer has: it was restored from an older copy. */
  readonly lost: readonly { readonly consumer: string; readonly topic: string }[];
}

/** Reads everything that `npm run prove` checks. @throws {StoreError} when `withSnapshot` has no data to read. */
export function readBooks(dataDir: string): Books {
  return withSnapshot(dataDir, (snapshot) => {
    const { db } = snapshot;
    prepare(db);
    return {
      products: readProducts(db),
      orders: {
        byStatus: countBy(db, 'SELECT status, count(*) FROM "order".orders GROUP BY status ORDER BY status'),
        waiting: readWaiting(db),
        queued: numberOf(db, `SELECT count(*) FROM inventory.reservation WHERE status = 'waiting'`),
      },
      notices: {
        byStatus: countBy(db, 'SELECT status, count(*) FROM notification.notice GROUP BY status ORDER BY status'),
      },
      readings: readReadings(snapshot),
      searches: readSearches(db),
      deadLetters: byFunction((name) =>
        numberOf(db, `SELECT count(*) FROM "${name}".dead_letter WHERE status = 'open'`),
      ),
      parked: byFunction((name) => numberOf(db, `SELECT count(*) FROM "${name}".parked`)),
      removed: db.prepare("SELECT name FROM removed WHERE name <> 'orders'").pluck().all().map(String),
      lost: db.prepare<[], { consumer: string; topic: string }>('SELECT consumer, topic FROM lost').all(),
    };
  });
}

function byFunction(count: (name: FunctionName) => number): Readonly<Record<string, number>> {
  return Object.fromEntries(functionNames.map((name) => [name, count(name)]));
}

const PRODUCTS_SQL = `
  WITH moved AS (
    SELECT product_id, count(*) AS movements,
      sum(iif(kind = 'received', quantity, 0)) AS received, sum(iif(kind = 'reserved', quantity, 0)) AS reserved,
      sum(iif(kind = 'released', quantity, 0)) AS released, sum(iif(kind = 'sold', quantity, 0)) AS sold,
      sum(iif(kind = 'returned', quantity, 0)) AS returned, sum(iif(kind = 'corrected', quantity, 0)) AS corrected
    FROM inventory.stock_movement GROUP BY product_id),
  ledger AS (
    SELECT product_id, sum(movements) AS movements, sum(received) AS received, sum(reserved) AS reserved,
      sum(released) AS released, sum(sold) AS sold, sum(returned) AS returned, sum(corrected) AS corrected
    FROM (SELECT product_id, movements, received, reserved, released, sold, returned, corrected FROM moved
      UNION ALL SELECT product_id, movement, received, reserved, released, sold, returned, corrected FROM inventory.stock_opening)
    GROUP BY product_id),
  lines AS (
    SELECT product_id, sum(iif(status = 'held', quantity, 0)) AS held, sum(iif(status = 'sold', quantity, 0)) AS sold
    FROM reserved GROUP BY product_id),
  queue AS (SELECT product_id, sum(iif(is_short, quantity, 0)) AS queued FROM inventory.backorder GROUP BY product_id),
  products AS (SELECT product_id FROM inventory.stock UNION SELECT product_id FROM ledger UNION SELECT product_id FROM lines
    UNION SELECT product_id FROM queue)
  SELECT p.product_id AS productId, s.received, s.on_hand AS onHand, s.reserved, s.sold, s.corrected, s.movements, s.backordered,
    coalesce(q.queued, 0) AS queued, coalesce(m.returned, 0) AS movedReturned, coalesce(m.corrected, 0) AS movedCorrected,
    coalesce(l.held, 0) AS heldLines, coalesce(l.sold, 0) AS soldLines, coalesce(m.movements, 0) AS movedCount,
    coalesce(m.received, 0) AS movedReceived, coalesce(m.reserved, 0) AS movedReserved,
    coalesce(m.released, 0) AS movedReleased, coalesce(m.sold, 0) AS movedSold
  FROM products p LEFT JOIN inventory.stock s USING (product_id) LEFT JOIN ledger m USING (product_id)
  LEFT JOIN lines l USING (product_id) LEFT JOIN queue q USING (product_id) ORDER BY p.product_id`;

type LevelRow = {
  [Column in 'received' | 'onHand' | 'reserved' | 'sold' | 'corrected' | 'movements' | 'backordered']: number | null;
};
type SumColumn =
  | 'heldLines'
  | 'soldLines'
  | 'movedCount'
  | 'movedReceived'
  | 'movedReserved'
  | 'movedReleased'
  | 'movedSold'
  | 'movedReturned'
  | 'movedCorrected'
  | 'queued';
type ProductRow = { productId: string } & LevelRow & { [Column in SumColumn]: number };

function readProducts(db: Database.Database): readonly ProductLedger[] {
  const rows = db.prepare(PRODUCTS_SQL).all() as ProductRow[];
  return rows.map((row) => ({
    productId: row.productId,
    level: levelOf(row),
    reservations: { held: row.heldLines, sold: row.soldLines },
    queued: row.queued,
    moved: {
      received: row.movedReceived,
      reserved: row.movedReserved,
      released: row.movedReleased,
      sold: row.movedSold,
      returned: row.movedReturned,
      corrected: row.movedCorrected,
      movements: row.movedCount,
    },
  }));
}

function levelOf({
  received,
  onHand,
  reserved,
  sold,
  corrected,
  movements,
  backordered,
}: LevelRow): ProductLedger['level'] {
  if (received === null || onHand === null || reserved === null || sold === null) return null;
  if (corrected === null || movements === null || backordered === null) return null;
  return { received, onHand, reserved, sold, corrected, movements, backordered };
}

function readWaiting(db: Database.Database): { inventory: number; order: number } {
  const open = `"order".orders o JOIN sent e ON e.order_id = o.order_id AND e.type = 'OrderPlaced'`;
  const positionOf = (consumer: string, topic: string) =>
    `(SELECT position FROM reading WHERE consumer = '${consumer}' AND topic = '${topic}')`;
  return {
    inventory: numberOf(
      db,
      `SELECT count(*) FROM ${open} WHERE o.status = 'placed' AND e.position > ${positionOf('inventory', 'order-events')}`,
    ),
    order: numberOf(
      db,
      `SELECT count(*) FROM ${open} WHERE o.status IN ('placed', 'backordered') AND EXISTS (
        SELECT 1 FROM sent a INDEXED BY sent_by_order WHERE a.topic = 'inventory-events' AND a.order_id = o.order_id
          AND a.type IN (${ANSWERS}) AND a.position > ${positionOf('order', 'inventory-events')})`,
    ),
  };
}

function readReadings({ db, inventoryEnd }: Snapshot): readonly ReadingProgress[] {
  return readings.map(({ consumer, topic, schema }) => {
    const sql = 'SELECT position FROM reading WHERE consumer = ? AND topic = ?';
    const position = Number(db.prepare(sql).pluck().get(consumer, topic));
    const last = numberOf(db, `SELECT coalesce(max(seq), 0) FROM "${schema}".sqlite_sequence WHERE name = 'outbox'`);
    // Order's file is read after inventory's, so order may have read messages that inventory sent in between.
    return { consumer, topic, position, end: schema === 'inventory' ? Math.max(last, inventoryEnd) : last };
  });
}

function readSearches(db: Database.Database): readonly SearchResult[] {
  return searches.map(({ promise, unit, counted, wrong }) => {
    const found = db.prepare(wrong).pluck().all().map(String);
    return {
      promise,
      unit,
      counted: numberOf(db, counted),
      wrong: found.length,
      examples: found.slice(0, EXAMPLES_MAX),
    };
  });
}

function numberOf(db: Database.Database, sql: string): number {
  return Number(db.prepare(sql).pluck().get());
}

function countBy(db: Database.Database, sql: string): Record<string, number> {
  return Object.fromEntries(db.prepare(sql).raw().all() as [string, number][]);
}
