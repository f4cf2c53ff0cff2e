/**
 * Where a relay sends the messages of a function to a log elsewhere, a reader's positions are places in that log. These
 * tables bring them back to positions in the writer's outbox, by which the searches compare.
 */
import type Database from 'better-sqlite3';
import { logOf } from '../../shared/adapters/embedded/store/log-home.ts';
import { partitionOf } from '../../shared/core/partition.ts';
import type { Schema } from './snapshot.ts';

/** `place`: where each message that a relay sent lies, as the position of a reader that has just read it. */
const PLACE_SQL = `
  CREATE TEMP TABLE place (topic TEXT NOT NULL, partition INTEGER NOT NULL, place INTEGER NOT NULL, position INTEGER NOT NULL)`;

/** Whether a relay sends the messages of this function. */
export function isRelayed(db: Database.Database, schema: Schema): boolean {
  return schema !== 'commands' && logOf(db, schema) !== 'embedded';
}

/** SQL has `partition_of(key, lanes)` from now on. */
export function addPartitionOf(db: Database.Database): void {
  const partition = (key: unknown, lanes: unknown) => partitionOf(String(key), Number(lanes));
  db.function('partition_of', { deterministic: true }, partition);
}

export function preparePlaces(db: Database.Database, writers: readonly Schema[]): void {
  db.exec(PLACE_SQL);
  addPartitionOf(db);
  for (const writer of writers.filter((name) => isRelayed(db, name))) {
    db.exec(`INSERT INTO place SELECT s.topic, s.partition, s.first_offset + j.key + 1, j.value
      FROM "${writer}".sent s, json_each(s.positions) j`);
  }
  db.exec(
    'CREATE INDEX place_by_place ON place (topic, partition, place); CREATE INDEX place_by_position ON place (topic, position)',
  );
}

/**
 * SQL: the places of stored records of this consumer, as positions of outboxes. A record from before a move to another log has
 * its former position, so that counts as well.
 * @param rows SQL that gives topic, partition and position
 */
export function positionsSql(consumer: Schema, rows: string): string {
  return `SELECT '${consumer}', topic, position FROM (${rows})
    UNION SELECT '${consumer}', p.topic, p.position FROM (${rows}) r
      JOIN place p ON p.topic = r.topic AND p.partition = r.partition AND p.place = r.position`;
}

/**
 * SQL: fills `vouched`: the messages of a topic that watermarks of this consumer stand for, where a relay sends the topic, or did
 * before the data moved. Such a watermark is for one lane and one epoch of the writer. The lane is computed, since places are
 * forgotten at a move.
 */
export function vouchedSql(consumer: Schema, topic: string, writer: Schema): string {
  const epoch = `coalesce((SELECT e.epoch FROM "${writer}".topic_epoch e WHERE e.from_position < m.position
    ORDER BY e.number DESC LIMIT 1), '')`;
  return `WITH mark AS (SELECT partition, position, substr(epoch, 1, instr(epoch, '/') - 1) AS epoch,
        CAST(substr(epoch, instr(epoch, '/') + 1) AS INTEGER) AS lanes
      FROM "${consumer}".inbox_fold WHERE topic = '${topic}' AND epoch LIKE '%/%'),
    message AS MATERIALIZED (SELECT m.position, ${epoch} AS epoch, l.lanes, partition_of(m.partitionkey, l.lanes) AS partition
      FROM (SELECT DISTINCT lanes FROM mark) l, "${writer}".outbox_message m WHERE m.topic = '${topic}')
    INSERT OR IGNORE INTO vouched SELECT '${consumer}', '${topic}', m.position
      FROM message m JOIN mark f USING (epoch, lanes, partition) WHERE f.position >= m.position`;
}

/** Up to which position of the writer's outbox the consumer has read everything. A message may lie in several places. */
export function readUpTo(db: Database.Database, consumer: Schema, topic: string, writer: Schema): number {
  const isRead = `EXISTS (SELECT 1 FROM place q JOIN "${consumer}".position r ON r.topic = q.topic AND r.partition = q.partition
    WHERE q.topic = p.topic AND q.position = p.position AND q.place <= r.position)`;
  const first = db
    .prepare(
      `SELECT min(position) FROM (SELECT position FROM place p WHERE p.topic = ? AND NOT ${isRead}
         UNION ALL SELECT position + 1 FROM "${writer}".relay)`,
    )
    .pluck()
    .get(topic);
  return Number(first) - 1;
}

/** How far the consumer has read in each epoch of the writer of a topic, by what its records say of their outbox. */
export function readInEpochs(
  db: Database.Database,
  consumer: Schema,
  topic: string,
): readonly (readonly [epoch: string, position: number])[] {
  const sql = `SELECT epoch, position FROM "${consumer}".read_mark WHERE topic = ?
    UNION ALL SELECT substr(epoch, 1, instr(epoch, '/') - 1), position FROM "${consumer}".inbox_fold
      WHERE topic = ? AND epoch LIKE '%/%'`;
  return db.prepare<[string, string], [string, number]>(sql).raw().all(topic, topic);
}
