import type { Message } from '../core/message.ts';

/**
 * How a value is stored: a number as INTEGER, a string as TEXT, anything else as JSON in TEXT; null stays null. A
 * `sequence` is an increasing number that the store assigns when it first writes a row; it is read and never written.
 */
/** `attributes`: those of a message, without its data; `message`: all of it. A store may hold both in a form of its own. */
export type ColumnKind = 'text' | 'integer' | 'json' | 'attributes' | 'message' | 'sequence';

/**
 * A typed table of a function. Its columns are named in camelCase here and in snake_case in SQL.
 *
 * `key` is the primary key. Its first `loadBy` columns name a group of rows that is loaded together: the whole key for
 * a single row, fewer columns for "all lines of this order".
 */
export interface Table<Row extends object = object> {
  readonly name: string;
  readonly columns: { readonly [Column in keyof Row]-?: ColumnKind };
  readonly key: readonly string[];
  readonly loadBy: number;
  /** Rows are inserted and never changed: a ledger. */
  readonly appendOnly: boolean;
  /** A row may be inserted without being loaded first; the caller guarantees that its key is new. */
  readonly addsUnseen: boolean;
  /** The same, and where the key exists already, the stored row stays unchanged. */
  readonly skipsExisting: boolean;
  /** Mostly empty, so a store checks once per batch whether it has any row. */
  readonly sparse: boolean;
}

export function table<Row extends object>(
  name: string,
  columns: Table<Row>['columns'],
  options: {
    key: readonly (keyof Row & string)[];
    loadBy?: number;
    appendOnly?: boolean;
    addsUnseen?: boolean;
    skipsExisting?: boolean;
    sparse?: boolean;
  },
): Table<Row> {
  const { key, loadBy = key.length, appendOnly = false, skipsExisting = false, sparse = false } = options;
  const addsUnseen = (options.addsUnseen ?? false) || appendOnly || skipsExisting;
  return { name, columns, key, loadBy, appendOnly, addsUnseen, skipsExisting, sparse };
}

/** A group of rows that a batch loads: `values` has one entry for each of the table's `loadBy` columns. */
export interface Need {
  readonly table: Table;
  readonly values: readonly string[];
}

/** What a unit of work reads, and what no other one may handle at the same time. What is left out is empty. */
export interface UnitOfWork {
  readonly needs?: readonly Need[];
  /** The messages that it looks for in the inbox. */
  readonly inbox?: readonly InboxKey[];
  /**
   * The partition keys of its messages. Of two units with one key, the second sees what the first has committed, also
   * where the first found no row of it: what is not there yet cannot be locked.
   */
  readonly keys?: readonly string[];
  /** The lanes that its records come from. Of two units with one lane, the second sees how far the first has read it. */
  readonly places?: readonly Lane[];
}

/** The identity of a message in a consumer's inbox. */
export interface InboxKey {
  readonly source: string;
  readonly id: string;
}

export interface InboxRow extends InboxKey {
  readonly fingerprint: string;
  /** When it was handled, in days since 1970. */
  readonly seenDay: number;
}

/** A row as it will be stored; with `removed`, a row to delete, of which only the key is used. */
export interface Write {
  readonly table: Table;
  readonly row: object;
  readonly removed?: boolean;
}

/** A write, and the row as it is stored now, or null. Only the columns that differ are written. */
export interface StoredWrite extends Write {
  readonly stored: object | null;
}

/** One partition of a topic. */
export interface Lane {
  readonly topic: string;
  readonly partition: number;
}

/** A lane in one word, for sets and maps. */
export function laneName({ topic, partition }: Lane): string {
  return `${topic}/${partition}`;
}

/** How far a lane was read; committed with the effects of the records read. */
export interface Position extends Lane {
  readonly position: number;
  /** The epoch of the topic's writer in which that record was written; absent where the log has no epochs. */
  readonly epoch?: string;
  /** What tells the record at that position from any other, for a log that has to see that the lane is still the same one. */
  readonly proof?: string;
}

/**
 * The position of a message in the outbox, and its texts as they are stored: the CloudEvents attributes except `data`, in the form of
 * the store, and `data`.
 */
export interface WrittenRow {
  readonly position: number;
  /** The epoch of the writer in which it was written. */
  readonly epoch: string;
  readonly attributes: string;
  readonly value: string;
}

/** A message for the log. */
export interface OutboxRow {
  readonly topic: string;
  readonly message: Message;
  /** Set by the store in the result of the commit; absent where a store does not support it. */
  readonly written?: WrittenRow;
}

/** Everything a batch changes, as a value. */
export interface Commit {
  readonly writes: readonly StoredWrite[];
  readonly inbox: readonly InboxRow[];
  readonly outbox: readonly OutboxRow[];
  readonly positions: readonly Position[];
}

/** The rows and inbox entries of a batch, as of the start of its transaction. */
export interface Loaded {
  /** The rows of one group that the batch named, in the order of the key; empty where there are none. */
  rows(need: Need): readonly object[];
  /** The fingerprint stored for this message when it was handled before, or undefined. */
  seen(key: InboxKey): string | undefined;
  /** How far one of the unit's `places` was read; null where it was not read yet. */
  position(place: Lane): Position | null;
}

/**
 * A read of one table: rows that equal `where` and `fixed` (no nulls), are at most `atMost` (a null never is), and come
 * after the row with the values `after` in the order of `orderBy`.
 */
export interface Query<Row extends object> {
  readonly table: Table<Row>;
  readonly where?: Partial<Row>;
  /** Like `where`, with values that are constants in the source. A store may use a partial index for them. */
  readonly fixed?: Partial<Row>;
  readonly atMost?: Partial<Row>;
  readonly orderBy?: readonly string[];
  readonly descending?: boolean;
  readonly after?: readonly (string | number)[];
  readonly limit: number;
}

export interface StoreFeatures {
  /** Several processes may write the data of one function. */
  readonly severalInstances: boolean;
  /** A commit returns the positions of its outbox rows. */
  readonly returnsPositions: boolean;
}

/**
 * The database of one function.
 *
 * Errors: {@link AppError} `unavailable` when the store cannot be used, whatever the message (locked, connection lost, data
 * moved away, a disk that errs, a damaged file), `no_room` when the disk is full. Any other error is a bug. After an error
 * nothing is committed; only a commit during which the data were moved away may be in them when they come back.
 */
export interface Store {
  readonly features: StoreFeatures;

  /**
   * One unit of work: loads what it names (locked until the end where several instances may write), calls `work` with it, and
   * commits the returned value, all or nothing. When the promise resolves, the commit is on disk and the value has the positions
   * of its outbox rows. An empty commit costs no write. When `work` throws, nothing is committed and the promise rejects with
   * its error.
   *
   * `work` is called once, and again from the start, with what is loaded then, where another instance came in between; only the
   * last result counts. So it has no effect but its result.
   */
  transact<Result extends Commit>(unit: UnitOfWork, work: (loaded: Loaded) => Result): Promise<Result>;

  /** Rows as of now, at most `limit`. */
  find<Row extends object>(query: Query<Row>): Promise<readonly Row[]>;

  /** How far each topic has been read. */
  positions(): Promise<readonly Position[]>;

  /** How many rows equal `where` and `fixed`, which is as in {@link Query}; all rows where neither is given. */
  count<Row extends object>(table: Table<Row>, where?: Partial<Row>, fixed?: Partial<Row>): Promise<number>;

  /**
   * Starts from nothing: removes every row of the function, its outbox, parked messages, dead letters and idempotency
   * keys of clients, and moves its positions. The inbox of topics stays, so that no message is handled twice, and so does
   * what the function believes of the time.
   */
  clear(positions: readonly Position[]): Promise<void>;

  /** Resolves when the store can be written. @throws {AppError} when it cannot. */
  check(): Promise<void>;

  /**
   * Why the store cannot be used, as a sentence; null when nothing is known against it. It waits for no lock, so it may
   * be called often, and it notices when the data are no longer where they were.
   */
  unavailableReason(): string | null;

  close(): Promise<void>;
}
