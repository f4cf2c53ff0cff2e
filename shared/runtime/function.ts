import type { Decider } from '../core/decider.ts';
import type { Draft, Message } from '../core/message.ts';
import type { MessageCatalog } from '../core/message-catalog.ts';
import type { RetentionDays } from '../core/retention.ts';
import type { Migration } from '../ports/migration.ts';
import type { InboxKey, Need, Table, Write } from '../ports/store.ts';

/** The rows of the function's tables during a batch: each message sees the changes of the messages before it. */
export interface RowReader {
  /** The row with this key, or undefined. */
  one<Row extends object>(table: Table<Row>, ...key: readonly string[]): Row | undefined;
  /** The rows of one group. */
  many<Row extends object>(table: Table<Row>, ...group: readonly string[]): readonly Row[];
}

/** The effect of one message, which `save` turns into rows. */
export interface Change<State, Input extends Message> {
  readonly before: State;
  readonly after: State;
  readonly message: Input;
  /** What it publishes; empty when the function publishes nothing. */
  readonly emitted: readonly Message[];
}

/**
 * A durable timer: a column with the time at which its row is due. The commit that writes the row sets or clears the
 * timer. When it is due, one commit clears the column and handles the message.
 */
export interface Timer<Row extends object = object> {
  readonly table: Table<Row>;
  /** A column that holds ISO 8601 with milliseconds, UTC, or null. The table needs an index on it. */
  readonly column: string;
  /** The message to handle when the row is due, and the saga it belongs to. */
  message(row: Row): Draft & { readonly correlationid?: string | undefined };
}

/**
 * Which rows of a table are pruned and when. They are pruned in batches; with `summarize` they are replaced by a summary.
 * What the rule reads is named in `needs`, and the rule is as pure as the function's rules.
 */
export interface RetentionRule<Row extends object = object> {
  readonly table: Table<Row>;
  /** For how long, counted from `overSince`. */
  readonly days: keyof RetentionDays | number;
  /** How many days longer than that. */
  readonly longerDays?: number;
  /** The columns in whose order rows are looked at, together a key; the table's key where they are not given. */
  readonly orderBy?: readonly string[];
  /**
   * A table whose key is the first column of `orderBy`: its rows are checked one after the other, each with its group.
   */
  readonly per?: Table;
  /** Further groups of rows that the rule reads. */
  needs?(row: Row): readonly Need[];
  /** Since when the row is no longer needed, ISO 8601, UTC; null while it is. */
  overSince(row: Row, rows: RowReader): string | null;
  /** The message whose inbox row needs this one: the row stays for as long as the inbox knows the message. */
  rememberedAs?(row: Row): InboxKey;
  /** When the row was written, if that rises with the order: then young rows are not checked. */
  writtenAt?(row: Row): string;
  /**
   * The rows that replace the `removed` rows, all of one group, the oldest first.
   * @throws when they do not add up; then they stay.
   */
  summarize?(removed: readonly Row[], rows: RowReader, now: string): readonly Write[];
}

/**
 * A function as a value: its inputs, its rules, its tables. A host triggers it.
 * `needs`, `load` and `save` are as pure as the rules: they turn rows into state and back.
 */
export interface StoreFunction<State = unknown, Input extends Message = Message, Output extends Draft = Draft> {
  readonly name: string;
  /** The message types it handles; others on its topics are skipped. */
  readonly inputs: ReadonlySet<string>;
  readonly consumes: readonly string[];
  /** Those of its inputs for whose effect no caller waits: they linger some milliseconds to share a commit. */
  readonly deferrable?: ReadonlySet<string>;
  /** The messages of the store it belongs to. */
  readonly catalog: MessageCatalog;
  /** The topic it alone writes; null where it publishes nothing. */
  readonly publishes: string | null;
  readonly tables: readonly Table[];
  /** Numbered changes of its schema, by engine. */
  readonly migrations: { readonly sqlite: readonly Migration[] };
  readonly timers?: readonly Timer[];
  /** The retention rules of its tables; tables without a rule are never pruned. */
  readonly retention?: readonly RetentionRule[];
  readonly rules: Decider<State, Input, Output>;
  /** The groups of rows that `load` reads for this message. */
  needs(message: Input): readonly Need[];
  load(rows: RowReader, message: Input): State;
  save(change: Change<State, Input>): readonly Write[];
}
