import type { Decider } from '../core/decider.ts';
import type { Draft, Message } from '../core/message.ts';
import type { MessageCatalog } from '../core/message-catalog.ts';
import type { RetentionDays } from '../core/retention.ts';
import type { Migration } from '../ports/migration.ts';
import type { Need, Table, Write } from '../ports/store.ts';

/** Rows of the function's tables as the messages of a batch see them: later ones see what earlier ones changed. */
export interface RowReader {
  /** The row with this key, or undefined. */
  one<Row extends object>(table: Table<Row>, ...key: readonly string[]): Row | undefined;
  /** The rows of one group. */
  many<Row extends object>(table: Table<Row>, ...group: readonly string[]): readonly Row[];
}

/** What one message did, for `save` to turn into rows. */
export interface Change<State, Input extends Message> {
  readonly before: State;
  readonly after: State;
  readonly message: Input;
  /** What it publishes; nothing where the function publishes nothing. */
  readonly emitted: readonly Message[];
}

/**
 * A durable timer: a column that says when its row wants to be heard of again. It is set and taken back with the row, by
 * the step that writes it. When it is due, the column is emptied and the message handled, in one commit.
 */
export interface Timer<Row extends object = object> {
  readonly table: Table<Row>;
  /** A column of the table that holds ISO 8601 with milliseconds, UTC, or null. The table needs an index over it. */
  readonly column: string;
  /** What is handled when it is due, and the saga it belongs to. */
  message(row: Row): Draft & { readonly correlationid?: string | undefined };
}

/**
 * Rows that are kept for a time and then removed, some at a time; or, with `fold`, put together. What it reads is named
 * beforehand, and it is as pure as the rules.
 */
export interface RetentionRule<Row extends object = object> {
  readonly table: Table<Row>;
  /** For how long, counted from `overSince`. */
  readonly days: keyof RetentionDays | number;
  /** The columns in whose order rows are looked at, together a key; the table's key where they are not given. */
  readonly orderBy?: readonly string[];
  /** Rows of this table, whose key is the first column of `orderBy`, are looked at one after the other, each with its group. */
  readonly per?: Table;
  /** The groups of rows that are read besides. */
  needs?(row: Row): readonly Need[];
  /** Since when nobody needs the row, ISO 8601, UTC; null while somebody does. */
  overSince(row: Row, rows: RowReader): string | null;
  /** When the row was written, where that rises with the order: then the young ones are not looked at. */
  writtenAt?(row: Row): string;
  /** What stays in the place of rows that go, all of one group, the oldest first. @throws where they do not add up: they stay. */
  fold?(gone: readonly Row[], rows: RowReader, now: string): readonly Write[];
}

/**
 * A function as a value: what it answers to, its rules, its tables. A host gives it triggers.
 * `needs`, `load` and `save` are as pure as the rules: they turn rows into state and back.
 */
export interface StoreFunction<State = unknown, Input extends Message = Message, Output extends Draft = Draft> {
  readonly name: string;
  /** The message types it answers to; others on its topics are none of its business. */
  readonly inputs: ReadonlySet<string>;
  readonly consumes: readonly string[];
  /** Those of its inputs for whose effect nobody waits: while there is nothing else, they wait some milliseconds for others. */
  readonly deferrable?: ReadonlySet<string>;
  /** The messages of the store it belongs to. */
  readonly catalog: MessageCatalog;
  /** The topic it alone writes; null where it publishes nothing. */
  readonly publishes: string | null;
  readonly tables: readonly Table[];
  /** Numbered changes of its schema, by engine. */
  readonly migrations: { readonly sqlite: readonly Migration[] };
  readonly timers?: readonly Timer[];
  /** What it does not keep for ever. */
  readonly retention?: readonly RetentionRule[];
  readonly rules: Decider<State, Input, Output>;
  /** The groups of rows that `load` will read for this message. */
  needs(message: Input): readonly Need[];
  load(rows: RowReader, message: Input): State;
  save(change: Change<State, Input>): readonly Write[];
}
