import type Database from 'better-sqlite3';
import type { Message } from '../../../core/message.ts';
import type { Relayed, SentPiece, SentPlace, Settled, UnsentRow } from '../../../ports/relayed.ts';
import { attributesOf } from '../compact-message.ts';
import type { GuardedSession } from './guarded-session.ts';

/** A send has no more pieces than this, so a message lies in one of as many that begin at or before it. */
const PIECES_MAX = 512;

/** In which epoch of the writer a row of the outbox was written. */
const EPOCH_SQL =
  "coalesce((SELECT epoch FROM topic_epoch WHERE from_position < outbox.position ORDER BY number DESC LIMIT 1), '') AS epoch";

const UNSENT_SQL = `
  SELECT position, topic, attributes, data, ${EPOCH_SQL}
  FROM outbox WHERE position > (SELECT position FROM relay) ORDER BY position LIMIT ?`;

const COUNT_SQL = `
  SELECT count(*) FROM (SELECT 1 FROM outbox WHERE position > (SELECT position FROM relay) LIMIT ?)`;

/**
 * The newest message of each lane, by its newest row, since there may be millions. One that the outbox has no more cannot be sent
 * again, nor those before it.
 */
const NEWEST_SQL = `
  WITH RECURSIVE lane(partition) AS (
    SELECT min(partition) FROM sent WHERE topic = @topic
    UNION ALL
    SELECT (SELECT min(partition) FROM sent WHERE topic = @topic AND partition > lane.partition)
    FROM lane WHERE lane.partition IS NOT NULL
  )
  SELECT lane.partition, first_offset + json_array_length(positions) - 1 AS offset, outbox.position, ${EPOCH_SQL}
  FROM lane
  JOIN sent ON first_position = (
    SELECT first_position FROM sent WHERE topic = @topic AND partition = lane.partition ORDER BY first_offset DESC LIMIT 1
  )
  JOIN outbox ON outbox.position = json_extract(positions, '$[#-1]')`;

/** The oldest message that a lane had and that is still known. */
const FIRST_SQL = 'SELECT min(first_position) FROM sent WHERE topic = ? AND partition = ?';

/**
 * What was sent of the outbox in a SQLite file. One writer commits at a time, so the order of the positions is that of the
 * commits, and one position says up to where everything is sent.
 */
export class RelayRows implements Relayed {
  readonly #guarded: GuardedSession;

  constructor(guarded: GuardedSession) {
    this.#guarded = guarded;
  }

  async begin(nowMs: number): Promise<number> {
    return this.#guarded.commit(({ db }) => {
      const sql = 'UPDATE relay SET token = max(token + 1, ?) RETURNING token';
      return Number(db.prepare(sql).pluck().get(Math.floor(nowMs)));
    });
  }

  async newestSent(topic: string): Promise<readonly SentPlace[]> {
    return this.#guarded.use(({ db }) => statement(db, NEWEST_SQL).all({ topic })) as readonly SentPlace[];
  }

  async resend(token: number, topic: string, partitions: readonly number[]): Promise<void> {
    this.#guarded.commit(({ db }) => db.transaction(() => resend(db, token, topic, partitions)).immediate());
  }

  async unsent(limit: number): Promise<readonly UnsentRow[]> {
    const rows = this.#guarded.use(({ db }) => statement(db, UNSENT_SQL).all(limit)) as Omit<
      UnsentRow,
      'partitionKey'
    >[];
    return rows.map((row) => {
      const attributes = attributesOf(JSON.parse(row.attributes)) as Omit<Message, 'data'>;
      return { ...row, partitionKey: attributes.partitionkey, attributes: JSON.stringify(attributes) };
    });
  }

  async countUnsent(atMost: number): Promise<number> {
    return this.#guarded.use(({ db }) => Number(statement(db, COUNT_SQL).pluck().get(atMost)));
  }

  async sentUpTo(): Promise<number> {
    return this.#guarded.use(({ db }) => Number(statement(db, 'SELECT position FROM relay').pluck().get()));
  }

  async settle(token: number, upTo: number, pieces: readonly SentPiece[]): Promise<Settled> {
    return this.#guarded.commit(({ db }) => withoutFlush(db, () => settle(db, token, upTo, pieces)));
  }

  async forget(upTo: number): Promise<void> {
    const sql = "DELETE FROM sent WHERE first_position <= ? AND json_extract(positions, '$[#-1]') <= ?";
    if (upTo > 0) this.#guarded.commit(({ db }) => statement(db, sql).run(upTo, upTo));
  }

  async placeOf(
    topic: string,
    position: number,
  ): Promise<{ readonly partition: number; readonly offset: number } | null> {
    const sql = `SELECT partition, first_offset AS firstOffset, positions FROM sent
      WHERE first_position <= ? AND topic = ? ORDER BY first_position DESC LIMIT ?`;
    const rows = this.#guarded.use(({ db }) => statement(db, sql).all(position, topic, PIECES_MAX)) as {
      readonly partition: number;
      readonly firstOffset: number;
      readonly positions: string;
    }[];
    for (const { partition, firstOffset, positions } of rows) {
      const index = (JSON.parse(positions) as number[]).indexOf(position);
      if (index >= 0) return { partition, offset: firstOffset + index };
    }
    return null;
  }
}

function resend(db: Database.Database, token: number, topic: string, partitions: readonly number[]): void {
  if (statement(db, 'SELECT 1 FROM relay WHERE token = ?').get(token) === undefined) return;
  const first = partitions.map((partition) => statement(db, FIRST_SQL).pluck().get(topic, partition) as number | null);
  const known = first.filter((position) => position !== null);
  if (known.length > 0) rewind(db, Math.min(...known));
}

/** Everything from this position on is to be sent again. */
function rewind(db: Database.Database, position: number): void {
  statement(db, 'UPDATE relay SET position = min(position, ?)').run(position - 1);
  statement(db, 'DELETE FROM sent WHERE first_position >= ?').run(position);
}

function settle(db: Database.Database, token: number, upTo: number, pieces: readonly SentPiece[]): Settled {
  return db
    .transaction(() => {
      const sql = 'UPDATE relay SET position = max(position, ?) WHERE token = ?';
      if (statement(db, sql).run(upTo, token).changes === 0) return 'superseded';
      const lost = pieces.flatMap((piece) => firstLost(db, piece) ?? []);
      if (lost.length > 0) {
        rewind(db, Math.min(...lost));
        return 'lost';
      }
      // A piece that a power cut took back is sent again, to another place.
      const insert = `INSERT OR REPLACE INTO sent (first_position, topic, partition, first_offset, positions)
        VALUES (?, ?, ?, ?, ?)`;
      for (const { topic, partition, firstOffset, positions } of pieces) {
        statement(db, insert).run(positions[0], topic, partition, firstOffset, JSON.stringify(positions));
      }
      return 'marked';
    })
    .immediate();
}

/** The oldest message that had a place at or behind that of a piece; null where the piece lies behind all that its lane had. */
function firstLost(db: Database.Database, { topic, partition, firstOffset }: SentPiece): number | null {
  const end = 'first_offset + json_array_length(positions)';
  const newest = `SELECT ${end} FROM sent WHERE topic = ? AND partition = ? ORDER BY first_offset DESC LIMIT 1`;
  const known = statement(db, newest).pluck().get(topic, partition) as number | undefined;
  if (known === undefined || known <= firstOffset) return null;
  const sql = `SELECT min(first_position) FROM sent WHERE topic = ? AND partition = ? AND ${end} > ?`;
  return Number(statement(db, sql).pluck().get(topic, partition, firstOffset));
}

/**
 * Commits without waiting for the disk. A power cut may take such a commit back, and then those messages are sent again by the
 * next run of the relay, under a greater token. The next commit of the function flushes this one as well.
 */
function withoutFlush<Result>(db: Database.Database, work: () => Result): Result {
  db.pragma('synchronous = NORMAL');
  try {
    return work();
  } finally {
    db.pragma('synchronous = FULL');
  }
}

type Statement = Database.Statement<unknown[], unknown>;
const prepared = new WeakMap<Database.Database, Map<string, Statement>>();

/** Prepared once for each connection. */
function statement(db: Database.Database, sql: string): Statement {
  let known = prepared.get(db);
  if (known === undefined) {
    known = new Map();
    prepared.set(db, known);
  }
  const found = known.get(sql) ?? db.prepare(sql);
  known.set(sql, found);
  return found;
}
