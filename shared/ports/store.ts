import type { Message } from '../core/message.ts';

/**
 * How a value is kept: a number as INTEGER, a string as TEXT, anything else as JSON in TEXT; null stays null. A `sequence` is a
 * number that the store gives a row when it first writes it, rising from row to row; it is read and never written.
 */
export type ColumnKind = 'text' | 'integer' | 'json' | 'sequence';

/**
 * A typed table of a function. Its columns are named in camelCase here and in snake_case in SQL.
 *
 * `key` is the primary key. The first `loadBy` columns of it name a group of rows that is loaded together: all of the
 * key for a single row, fewer for "all lines of this order".
 */
export interface Table<Row extends object = object> {
  readonly name: string;
  readonly columns: { readonly [Column in keyof Row]-?: ColumnKind };
  readonly key: readonly string[];
  readonly loadBy: number;
  /** Rows are added and never changed: a ledger. */
  readonly appendOnly: boolean;
  /** A row may be added to it without a look, under a key that whoever adds it knows to be new. */
  readonly addsUnseen: boolean;
  /** The same, and where the key is there already, the first row stays as it is. */
  readonly keepsFirst: boolean;
  /** Mostly empty, so that a store does well to ask once for a batch whether there is any row at all. */
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
    keepsFirst?: boolean;
    sparse?: boolean;
  },
): Table<Row> {
  const { key, loadBy = key.length, appendOnly = false, keepsFirst = false, sparse = false } = options;
  const addsUnseen = (options.addsUnseen ?? false) || appendOnly || keepsFirst;
  return { name, columns, key, loadBy, appendOnly, addsUnseen, keepsFirst, sparse };
}

/** Groups of rows that a batch is going to look at: `values` has one entry for each of the table's `loadBy` columns. */
export interface Need {
  readonly table: Table;
  readonly values: readonly string[];
}

/** Who has seen a message: a consumer, and the identity of the message. */
export interface InboxKey {
  readonly source: string;
  readonly id: string;
}

export interface InboxRow extends InboxKey {
  readonly fingerprint: string;
  /** When it was handled, in days since 1970. */
  readonly seenDay: number;
}

/** A row as it is to be; with `removed`, a row that is to be gone, of which only the key counts. */
export interface Write {
  readonly table: Table;
  readonly row: object;
  readonly removed?: boolean;
}

/** A write, and the row as the store has it: null where it has none. Only the columns that differ are written. */
export interface StoredWrite extends Write {
  readonly stored: object | null;
}

/** How far a topic was read; committed with the effects of what was read. */
export interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly position: number;
  /** The life of the topic's writer in which that record was written; absent where the log does not tell lives apart. */
  readonly epoch?: string;
}

/** Where a message lies in the outbox, and as which texts: its CloudEvents attributes but `data`, and its `data`. */
export interface WrittenRow {
  readonly position: number;
  /** The life of the writer in which it was written. */
  readonly epoch: string;
  readonly attributes: string;
  readonly value: string;
}

/** A message for the log. */
export interface OutboxRow {
  readonly topic: string;
  readonly message: Message;
  /** Set by the store in what it gives back after the commit; absent where a store does not tell. */
  readonly written?: WrittenRow;
}

/** Everything a batch changes, as a value. */
export interface Commit {
  readonly writes: readonly StoredWrite[];
  readonly inbox: readonly InboxRow[];
  readonly outbox: readonly OutboxRow[];
  readonly positions: readonly Position[];
}

/** What the store read for a batch, as of the start of its transaction. */
export interface Loaded {
  /** The rows of one group that the batch named, in the order of the key; none where there are none. */
  rows(need: Need): readonly object[];
  /** The fingerprint under which this message was seen before, or undefined. */
  seen(key: InboxKey): string | undefined;
}

/**
 * A read of one table: equal to `where` and `fixed` (no nulls), not above `atMost` (a null is), after the row with the values `after` in
 * the order of `orderBy`.
 */
export interface Query<Row extends object> {
  readonly table: Table<Row>;
  readonly where?: Partial<Row>;
  /** Like `where`, with values that stand in the program. A store may read an index that holds only such rows. */
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
  /** A commit comes back with where its outbox lies. */
  readonly tellsPositions: boolean;
}

/**
 * The database of one function.
 *
 * Trouble is told by error: {@link AppError} `unavailable` when trying again later can help (locked, connection lost),
 * `no_room` when the disk is full. Any other error is a bug, and nothing was committed.
 */
export interface Store {
  readonly features: StoreFeatures;

  /**
   * One unit of work: loads what `needs` and `inbox` name (locked until the end where several instances may write), calls
   * `work` once with it, and commits the value that comes back, all or nothing. When the promise resolves, the commit
   * is on disk, and the value says where its outbox lies; an empty commit costs no write. When `work` throws, nothing is
   * committed and its error comes out.
   */
  transact<Result extends Commit>(
    needs: readonly Need[],
    inbox: readonly InboxKey[],
    work: (loaded: Loaded) => Result,
  ): Promise<Result>;

  /** Rows as of now, at most `limit`. */
  find<Row extends object>(query: Query<Row>): Promise<readonly Row[]>;

  /** How far each topic has been read. */
  positions(): Promise<readonly Position[]>;

  /** How many rows are equal to `where`; all where it is not given. */
  count<Row extends object>(table: Table<Row>, where?: Partial<Row>): Promise<number>;

  /**
   * Starts from nothing: removes every row of the function, its outbox, what is parked or dead and the keys of clients, and
   * moves its positions. Keeps the inbox of topics, so that what was handled is not handled again.
   */
  clear(positions: readonly Position[]): Promise<void>;

  /** Answers when the store can be written. @throws {AppError} when it cannot. */
  check(): Promise<void>;

  close(): Promise<void>;
}
