import type Database from 'better-sqlite3';
import type { Message } from '../../../core/message.ts';
import type { LaneEnd, Relayed, SentPiece, UnsentRow } from '../../../ports/relayed.ts';
import { attributesOf } from '../compact-message.ts';
import type { GuardedSession } from './guarded-session.ts';

/** A send has no more pieces than this, so a message lies in one of as many that begin at or before it. */
const PIECES_MAX = 512;

const UNSENT_SQL = `
  SELECT position, topic, attributes, data,
    coalesce((SELECT epoch FROM topic_epoch WHERE from_position < outbox.position ORDER BY number DESC LIMIT 1), '') AS epoch
  FROM outbox WHERE position > (SELECT position FROM relay) ORDER BY position LIMIT ?`;

const COUNT_SQL = `
  SELECT count(*) FROM (SELECT 1 FROM outbox WHERE position > (SELECT position FROM relay) LIMIT ?)`;

/** Of each lane that messages were sent to: where it ended then, and the oldest of them that is still known. */
const LANES_SQL = `
  SELECT partition, max(first_offset + json_array_length(positions)) AS end, min(first_position) AS firstPosition
  FROM sent WHERE topic = ? GROUP BY partition`;

interface SentLane extends LaneEnd {
  readonly firstPosition: number;
}

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

  async recheck(topic: string, ends: readonly LaneEnd[]): Promise<boolean> {
    const endOf = new Map(ends.map(({ partition, end }) => [partition, end]));
    return this.#guarded.commit(({ db }) => {
      const lanes = statement(db, LANES_SQL).all(topic) as readonly SentLane[];
      const gone = lanes.filter(({ partition, end }) => end > (endOf.get(partition) ?? 0));
      if (gone.length === 0) return false;
      rewind(db, Math.min(...gone.map(({ firstPosition }) => firstPosition)));
      return true;
    });
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

  async settle(token: number, upTo: number, pieces: readonly SentPiece[]): Promise<boolean> {
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

/** Everything from this position on is to be sent again. */
function rewind(db: Database.Database, position: number): void {
  db.transaction(() => {
    statement(db, 'UPDATE relay SET position = min(position, ?)').run(position - 1);
    statement(db, 'DELETE FROM sent WHERE first_position >= ?').run(position);
  }).immediate();
}

function settle(db: Database.Database, token: number, upTo: number, pieces: readonly SentPiece[]): boolean {
  return db
    .transaction(() => {
      const sql = 'UPDATE relay SET position = max(position, ?) WHERE token = ?';
      if (statement(db, sql).run(upTo, token).changes === 0) return false;
      // A piece that a power cut took back is sent again, to another place.
      const insert = `INSERT OR REPLACE INTO sent (first_position, topic, partition, first_offset, positions)
        VALUES (?, ?, ?, ?, ?)`;
      const forget = 'DELETE FROM sent WHERE topic = ? AND partition = ? AND first_offset >= ?';
      for (const { topic, partition, firstOffset, positions } of pieces) {
        // Places that are given again were those of a topic that is not there any more.
        statement(db, forget).run(topic, partition, firstOffset);
        statement(db, insert).run(positions[0], topic, partition, firstOffset, JSON.stringify(positions));
      }
      return true;
    })
    .immediate();
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
