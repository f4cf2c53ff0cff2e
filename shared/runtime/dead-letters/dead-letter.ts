import { z } from 'zod';
import { dayOf } from '../../core/days.ts';
import { AppError } from '../../core/errors.ts';
import { deriveId, fingerprint, type Message } from '../../core/message.ts';
import { kindOf, type MessageCatalog, newestVersion } from '../../core/message-catalog.ts';
import type { InboxKey, InboxRow } from '../../ports/store.ts';
import { type DeadLetterRow, deadLetters, type StoredRecord } from '../../ports/tables/retry.ts';
import type { StoreFunction } from '../function.ts';
import { type ParsedRecord, parseRecord, parseStored } from '../handle/parse-record.ts';
import { invalid } from '../http/problem.ts';
import type { FunctionContext } from '../worker/function-context.ts';
import { parsedOrText } from './json-diff.ts';
import type { DeadLetterLimits } from './settings.ts';

/** The dead letters of one function, and all that is needed to decide about them. */
export interface DeadLetterScope {
  readonly fn: StoreFunction;
  readonly context: FunctionContext;
  readonly limits: DeadLetterLimits;
  /** Ends what goes on for longer. */
  readonly stopping: AbortSignal;
}

/** @throws {AppError} `not_found`. */
export async function existingDeadLetter({ context }: DeadLetterScope, letter: string): Promise<DeadLetterRow> {
  const [row] = await context.store.find({ table: deadLetters, where: { letter }, limit: 1 });
  if (row === undefined) throw unknownDeadLetter(letter);
  return row;
}

export function unknownDeadLetter(letter: string): AppError {
  return new AppError('not_found', `there is no letter ${letter.slice(0, 64)}`);
}

/** @throws {AppError} `conflict` when somebody has decided already. */
export function assertOpen({ letter, status }: DeadLetterRow): void {
  if (status !== 'open')
    throw new AppError('conflict', `letter ${letter} is ${status}, and only an open one can be decided`);
}

/** The record of a letter as this program reads it now: one of a topic by the rules of the topic, its own as it was kept. */
export function parseDeadLetter(fn: StoreFunction, record: StoredRecord): ParsedRecord {
  return fn.consumes.includes(record.topic) ? parseRecord(record, fn) : parseStored(record, fn.catalog);
}

/** The message in a letter. @throws {AppError} `conflict` where this program cannot handle it, however often it tries. */
export function messageIn(fn: StoreFunction, record: StoredRecord): Message {
  const read = parseDeadLetter(fn, record);
  if (read.kind === 'message') return read.message;
  const why = read.kind === 'skipped' ? `${String(record.attributes['type'])} is none of its business` : read.detail;
  throw new AppError('conflict', `${fn.name} cannot handle it: ${why}`);
}

/** @throws {AppError} `conflict` when a replay would be one too many, or could have its effect twice. */
export function assertReplayable({ context, limits }: DeadLetterScope, row: DeadLetterRow): void {
  const { letter, replays, diedAt } = row;
  if (replays >= limits.replaysMax) {
    const most = `${limits.replaysMax} is the most (DEAD_LETTER_REPLAYS_MAX)`;
    throw new AppError('conflict', `letter ${letter} was replayed ${replays} times and ${most}; force it, or edit it`);
  }
  if (context.clock.nowMs() - Date.parse(diedAt) > limits.windowMs) {
    const why = 'the inbox no longer knows whether it was handled since (INBOX_RETENTION_DAYS)';
    throw new AppError('conflict', `letter ${letter} was given up at ${diedAt}, and ${why}; force it`);
  }
}

/**
 * The record with other contents: a new message, caused by the one it replaces. Its id is derived, so that editing twice is
 * the same message.
 * @throws {AppError} `invalid_request` with a pointer to what is wrong in `data`, `conflict` where the envelope is at fault.
 */
export function editedRecord(
  fn: StoreFunction,
  row: DeadLetterRow,
  data: unknown,
): StoredRecord & { readonly id: string } {
  const { letter, topic, partition, position, attributes } = row;
  const { id, type, time, correlationid } = attributes;
  const kind = typeof type === 'string' ? kindOf(fn.catalog, type) : null;
  if (kind === null) {
    throw new AppError('conflict', `letter ${letter} has the type ${String(type)}, which this program does not know`);
  }
  if (typeof id !== 'string') throw new AppError('conflict', `letter ${letter} has no id that a new one could name`);
  const parsed = z.object({ data: kind.schema }).safeParse({ data });
  if (!parsed.success) throw invalid(parsed.error, 'the body');
  const newId = deriveId({ id, time: String(time) }, `${fn.name} letter ${letter}`, 0);
  const envelope = {
    id: newId,
    causationid: id,
    correlationid: correlationid ?? id,
    schemaversion: newestVersion(kind),
  };
  const value = JSON.stringify(parsed.data.data);
  assertSameSubject(fn.catalog, row, parsed.data.data);
  return { id: newId, topic, partition, position, attributes: { ...attributes, ...envelope }, value };
}

/** What a message is about is in its envelope, too, and others have read it there: only its first sender could change it. */
function assertSameSubject(catalog: MessageCatalog, { attributes, value }: DeadLetterRow, data: unknown): void {
  const before = parsedOrText(value);
  if (typeof data !== 'object' || data === null) return;
  for (const name of catalog.subjectFields) {
    if (!(name in data)) continue;
    const now = (data as Readonly<Record<string, unknown>>)[name];
    const was =
      typeof before === 'object' && before !== null ? (before as Readonly<Record<string, unknown>>)[name] : null;
    if (now === attributes['subject'] || now === was) return;
    const detail = `the message is about ${String(attributes['subject'])}, and an edit cannot make it one about ${String(now)}`;
    const errors = [{ pointer: `/data/${name}`, detail }];
    throw new AppError('invalid_request', `the body is not valid at /data/${name}: ${detail}`, { errors });
  }
}

/**
 * Who the message says it is, where the topic vouches for that. An identity that anybody may have written is not remembered:
 * it would keep out the true bearer.
 */
export function identityOf(fn: StoreFunction, { topic, attributes }: StoredRecord): InboxKey | null {
  const { id, source, type } = attributes;
  if (typeof id !== 'string' || typeof source !== 'string' || typeof type !== 'string') return null;
  const isVouched = !fn.consumes.includes(topic) || fn.catalog.isAllowedOnTopic(topic, type, source);
  return isVouched ? { source, id } : null;
}

/** What the inbox keeps of a message that is never to be handled; without a fingerprint where it cannot be read. */
export function rememberedAs({ fn, context }: DeadLetterScope, identity: InboxKey, record: StoredRecord): InboxRow {
  const read = parseDeadLetter(fn, record);
  const print = read.kind === 'message' ? fingerprint(read.message) : '';
  return { ...identity, fingerprint: print, seenDay: dayOf(context.clock.nowMs()) };
}
