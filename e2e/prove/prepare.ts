/** Temporary tables for the searches: the position of each reader, and every message sent, with indexes. */
import type Database from 'better-sqlite3';
import { type FunctionName, functionNames, inputsOf, topics } from '../../saga/choreography.ts';
import { type Epoch, placeOf } from '../../shared/adapters/embedded/log/epochs.ts';
import { isRelayed, positionsSql, preparePlaces, readInEpochs, readUpTo, vouchedSql } from './relayed-places.ts';
import { functions, type Schema } from './snapshot.ts';

/** Who reads whose topic. `schema` is the file of the writer. */
export const readings: readonly Reading[] = functionNames.flatMap((consumer) =>
  (functions.get(consumer)?.consumes ?? []).map((topic) => {
    return { consumer, topic, schema: topics[topic as keyof typeof topics] ?? 'commands' };
  }),
);

interface Reading {
  readonly consumer: FunctionName;
  readonly topic: string;
  readonly schema: Schema;
}

/** The functions that publish, each into a topic of its own. */
export const publishers: readonly FunctionName[] = functionNames.filter(
  (name) => functions.get(name)?.publishes !== null,
);

const SENT_SQL = `
  CREATE TEMP TABLE sent (
    topic TEXT NOT NULL,
    position INTEGER NOT NULL,
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    causationid TEXT NOT NULL,
    order_id TEXT NOT NULL,
    customer_id TEXT,
    PRIMARY KEY (topic, position)
  ) WITHOUT ROWID`;

/**
 * `reading`: how far each consumer has read each topic. `since` is the last position that the consumer's data no longer
 * covers, because it was pruned or removed (`DELETE /automation-testing/all` at that function alone); else 0.
 */
const READING_SQL = `
  CREATE TEMP TABLE reading (
    consumer TEXT NOT NULL,
    topic TEXT NOT NULL,
    position INTEGER NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (consumer, topic)
  ) WITHOUT ROWID`;

/** The lines of orders, and of reservations that are held, waiting or sold, each product once. */
const LINES_SQL = `
  CREATE TEMP TABLE ordered AS
    SELECT order_id, value ->> 'productId' AS product_id, sum(value ->> 'quantity') AS quantity,
      sum((value ->> 'quantity') * (value ->> 'priceMinor')) AS amount
    FROM "order".orders, json_each(lines) GROUP BY 1, 2;
  CREATE TEMP TABLE reserved AS
    SELECT order_id, status, value ->> 'productId' AS product_id, sum(value ->> 'quantity') AS quantity
    FROM inventory.reservation, json_each(lines) WHERE status IN ('held', 'waiting', 'sold') GROUP BY 1, 2, 3;`;

const RECORD_COLUMNS =
  'consumer TEXT NOT NULL, topic TEXT NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (consumer, topic, position)';

/**
 * Messages that a consumer has read and not handled: parked until their next attempt, or dead-lettered. A replayed dead
 * letter is handled.
 */
const NOT_HANDLED_SQL = `
  CREATE TEMP TABLE aside (${RECORD_COLUMNS}) WITHOUT ROWID;
  ${functionNames.map((name) => `INSERT OR IGNORE INTO aside ${positionsSql(name, notHandledSql(name))}`).join(';')}`;

/** `dead`: those that wait for an operator. */
const DEAD_SQL = `
  CREATE TEMP TABLE dead (${RECORD_COLUMNS}) WITHOUT ROWID;
  ${functionNames
    .map((name) => `INSERT OR IGNORE INTO dead ${positionsSql(name, deadLettersSql(name, "= 'open'"))}`)
    .join(';')}`;

function notHandledSql(name: FunctionName): string {
  return `SELECT topic, partition, position FROM "${name}".parked UNION ${deadLettersSql(name, "<> 'replayed'")}`;
}

function deadLettersSql(name: FunctionName, status: string): string {
  return `SELECT topic, partition, position FROM "${name}".dead_letter WHERE status ${status}`;
}

/**
 * `folded`: ranges of a topic below a watermark. The consumer has handled every message of such a range and has no
 * inbox row for each. A watermark is for one epoch of the writer, which ends where the next epoch begins. `vouched`: the same,
 * message by message, where a relay sends the topic.
 */
const WATERMARKS_SQL = `
  CREATE TEMP TABLE folded (consumer TEXT NOT NULL, topic TEXT NOT NULL, after INTEGER NOT NULL, upto INTEGER NOT NULL);
  ${readings
    .filter(({ schema }) => schema !== 'commands')
    .map(
      ({ consumer, topic, schema }) => `
  INSERT INTO folded SELECT '${consumer}', f.topic, coalesce(e.from_position, 0),
      min(f.position, coalesce((SELECT min(n.from_position) FROM "${schema}".topic_epoch n
        WHERE n.number > coalesce(e.number, 0)), f.position))
    FROM "${consumer}".inbox_fold f LEFT JOIN "${schema}".topic_epoch e ON e.epoch = f.epoch
    WHERE f.topic = '${topic}' AND (e.number IS NOT NULL OR f.epoch = '')`,
    )
    .join(';')};
  CREATE TEMP TABLE vouched (${RECORD_COLUMNS}) WITHOUT ROWID;
  ${readings
    .filter(({ schema }) => schema !== 'commands')
    .map(({ consumer, topic, schema }) => vouchedSql(consumer, topic, schema))
    .join(';')}`;

/** A command from outside may hold anything. Order dead-letters a record without source, id or type. */
const COMMANDS_SQL = `
  INSERT INTO sent SELECT topic, position, source, id, type, coalesce(causationid, id), subject, NULL FROM (
    SELECT topic, position, subject, attributes ->> '$.source' AS source, attributes ->> '$.id' AS id,
      attributes ->> '$.type' AS type, attributes ->> '$.causationid' AS causationid
    FROM (SELECT topic, position, subject, iif(json_valid(attributes), attributes, '{}') AS attributes FROM commands.outbox))
  WHERE source IS NOT NULL AND id IS NOT NULL AND type IS NOT NULL`;

function eventsSql(schema: FunctionName): string {
  return `INSERT INTO sent SELECT topic, position, source, id, type, causationid, subject, data ->> '$.customerId'
    FROM "${schema}".outbox_message`;
}

/** Creates and fills the temporary tables. */
export function prepare(db: Database.Database): void {
  preparePlaces(db, publishers);
  db.exec(`${SENT_SQL}; ${READING_SQL}; ${NOT_HANDLED_SQL}; ${DEAD_SQL}; ${WATERMARKS_SQL}`);
  db.exec('CREATE TEMP TABLE input (consumer TEXT, type TEXT); CREATE TEMP TABLE removed (name TEXT)');
  db.exec('CREATE TEMP TABLE lost (consumer TEXT, topic TEXT)');
  for (const name of publishers) db.exec(eventsSql(name));
  db.exec(COMMANDS_SQL);
  db.exec(LINES_SQL);
  db.exec('CREATE INDEX sent_by_order ON sent (order_id, type); CREATE INDEX sent_by_id ON sent (id)');
  const addInput = db.prepare('INSERT INTO input VALUES (?, ?)');
  for (const consumer of new Set(readings.map((reading) => reading.consumer))) {
    for (const type of inputsOf(consumer)) addInput.run(consumer, type);
  }
  const addRemoved = db.prepare('INSERT INTO removed VALUES (?)');
  for (const name of functionNames) if (isIncomplete(db, name)) addRemoved.run(name);
  if (isIncomplete(db, 'order') && !hasOrderWithoutEvent(db)) addRemoved.run('orders');
  const addReading = db.prepare('INSERT INTO reading VALUES (?, ?, ?, ?)');
  const addLost = db.prepare('INSERT INTO lost VALUES (?, ?)');
  for (const { consumer, topic, schema } of readings) {
    const { position, hasLostSome } = placeIn(db, { consumer, topic, schema });
    const since = isIncomplete(db, consumer) ? (firstCovered(db, consumer, topic) ?? position + 1) - 1 : 0;
    addReading.run(consumer, topic, position, since);
    if (hasLostSome) addLost.run(consumer, topic);
  }
}

/**
 * How far a consumer has read a topic. Where the topic was restored from an older copy, the consumer has read records that the
 * topic no longer has: it has read them in an epoch that ended earlier, or that the topic does not know.
 */
function placeIn(
  db: Database.Database,
  { consumer, topic, schema }: Reading,
): { readonly position: number; readonly hasLostSome: boolean } {
  if (isRelayed(db, schema)) {
    const epochs = epochsOf(db, schema);
    const hasLostSome = hasReadMore(readInEpochs(db, consumer, topic), epochs, epochs[0]?.from ?? 0);
    return { position: readUpTo(db, consumer, topic, schema), hasLostSome };
  }
  // Its records lie in the other log, and those that lay here were read before the move.
  if (schema === 'commands' && isRelayed(db, consumer)) return { position: endOf(db, schema), hasLostSome: false };
  const known = new Map(db.prepare<[string, string], [string, number]>(knownSql(consumer)).raw().all(topic, topic));
  const epochs = epochsOf(db, schema);
  const end = endOf(db, schema);
  const newest = epochs.at(-1)?.epoch ?? '';
  const position = known.get(newest) ?? placeOf(known, epochs, end);
  // Data that have moved remember epochs of the other log, which no writer knows.
  const oldest = hasMoved(db, consumer) ? position : (epochs[0]?.from ?? position);
  return { position, hasLostSome: hasReadMore([...known], epochs, oldest) };
}

function hasMoved(db: Database.Database, name: FunctionName): boolean {
  return db.prepare(`SELECT 1 FROM "${name}".position_elsewhere`).get() !== undefined;
}

/**
 * Whether more was read in some epoch of a writer than there is of it: up to where the next one begins. Of an epoch that the writer does
 * not know there is only what lies before the `oldest` that it knows; what was read of it beyond that is lost, whatever was written
 * since.
 */
function hasReadMore(
  read: readonly (readonly [epoch: string, position: number])[],
  epochs: readonly Epoch[],
  oldest: number,
): boolean {
  const newest = epochs.at(-1)?.epoch ?? '';
  return read.some(([epoch, position]) => {
    const index = epochs.findIndex((known) => known.epoch === epoch);
    return epoch !== newest && epoch !== '' && position > (index < 0 ? oldest : (epochs[index + 1]?.from ?? position));
  });
}

function endOf(db: Database.Database, schema: Schema): number {
  return Number(db.prepare(`SELECT max(seq) FROM "${schema}".sqlite_sequence WHERE name = 'outbox'`).pluck().get());
}

function knownSql(consumer: FunctionName): string {
  return `SELECT epoch, position FROM "${consumer}".inbox_fold WHERE topic = ?
    UNION ALL SELECT epoch, position FROM "${consumer}".position WHERE topic = ?`;
}

/** The epochs of the writer of a topic, the oldest first; none where a program without epochs wrote it. */
function epochsOf(db: Database.Database, schema: Schema): readonly Epoch[] {
  const hasEpochs =
    db.prepare(`SELECT 1 FROM "${schema}".sqlite_master WHERE name = 'topic_epoch'`).get() !== undefined;
  if (!hasEpochs) return [];
  return db
    .prepare<[], Epoch>(`SELECT epoch, from_position AS "from" FROM "${schema}".topic_epoch ORDER BY number`)
    .all();
}

/** The table of a function whose rows are numbered without end: its outbox, or one of its own; null where it has none. */
function ledgerOf(name: FunctionName): string | null {
  if (publishers.includes(name)) return 'outbox';
  const numbered = functions.get(name)?.tables.find(({ columns }) => Object.values(columns).includes('sequence'));
  return numbered?.name ?? null;
}

/** What a message leaves behind at a function that publishes nothing. */
const traces: Partial<Readonly<Record<FunctionName, string>>> = {
  notification: 'EXISTS (SELECT 1 FROM notification.notice WHERE order_id = sent.order_id AND fact = sent.type)',
};

/** A ledger counts from 1. It begins later where old rows are no longer kept, or all data was removed on request. */
function isIncomplete(db: Database.Database, name: FunctionName): boolean {
  const ledger = ledgerOf(name);
  if (ledger === null) return false;
  const first = db.prepare(`SELECT min(position) FROM "${name}".${ledger}`).pluck().get();
  const last = db.prepare(`SELECT seq FROM "${name}".sqlite_sequence WHERE name = ?`).pluck().get(ledger);
  return typeof first === 'number' ? first > 1 : Number(last ?? 0) > 0;
}

/** Where events are pruned, old orders are there without them. Where all data were removed, each order is younger. */
function hasOrderWithoutEvent(db: Database.Database): boolean {
  const sql = `SELECT EXISTS (SELECT 1 FROM "order".orders o WHERE NOT EXISTS (
    SELECT 1 FROM sent e WHERE e.order_id = o.order_id AND e.type = 'OrderPlaced'))`;
  return db.prepare(sql).pluck().get() === 1;
}

/** The first message of the topic that left something behind in the consumer's data; null where there is none. */
function firstCovered(db: Database.Database, consumer: FunctionName, topic: string): number | null {
  const trace = traces[consumer] ?? `id IN (SELECT causationid FROM "${consumer}".outbox_message)`;
  const first = db.prepare(`SELECT min(position) FROM sent WHERE topic = ? AND ${trace}`).pluck().get(topic);
  return typeof first === 'number' ? first : null;
}
