import { z } from 'zod';
import { dayOf } from '../../core/days.ts';
import { AppError } from '../../core/errors.ts';
import { safeParseInput } from '../../core/issue-sentence.ts';
import { deriveId, fingerprint, type Message } from '../../core/message.ts';
import { kindOf, type MessageCatalog, newestVersion } from '../../core/message-catalog.ts';
import { DATA_BASE64 } from '../../core/raw-record.ts';
import { writtenAt } from '../../core/receipt.ts';
import { isWellFormed } from '../../core/well-formed.ts';
import type { InboxKey, InboxRow } from '../../ports/store.ts';
import { type DeadLetterRow, deadLetters, type StoredRecord } from '../../ports/tables/retry.ts';
import type { StoreFunction } from '../function.ts';
import { type ParsedRecord, parseRecord, parseStored } from '../handle/parse-record.ts';
import { invalid } from '../http/problem.ts';
import type { FunctionContext } from '../worker/function-context.ts';
import { parsedOrText } from './json-diff.ts';
import type { DeadLetterLimits } from './settings.ts';

/** The dead letters of one function, and what is needed to resolve them. */
export interface DeadLetterScope {
  readonly fn: StoreFunction;
  readonly context: FunctionContext;
  readonly limits: DeadLetterLimits;
  /** Aborts long operations. */
  readonly stopping: AbortSignal;
}

/** @throws {AppError} `not_found`. */
export async function existingDeadLetter({ context }: DeadLetterScope, id: string): Promise<DeadLetterRow> {
  const [row] = await context.store.find({ table: deadLetters, where: { letter: id }, limit: 1 });
  if (row === undefined) throw unknownDeadLetter(id);
  return row;
}

export function unknownDeadLetter(id: string): AppError {
  return new AppError('not_found', `there is no dead letter ${id.slice(0, 64)}`);
}

/** @throws {AppError} `conflict` when it was resolved already. */
export function assertOpen({ letter, status }: DeadLetterRow): void {
  if (status !== 'open')
    throw new AppError('conflict', `dead letter ${letter} is ${status}, and only an open one can be resolved`);
}

/**
 * Parses the record of a dead letter: one of a consumed topic by the rules of the topic, any other as it was stored.
 */
export function parseDeadLetter(fn: StoreFunction, record: StoredRecord): ParsedRecord {
  return fn.consumes.includes(record.topic) ? parseRecord(record, fn) : parseStored(record, fn.catalog);
}

/** The message in a dead letter. @throws {AppError} `conflict` where this program can never handle it. */
export function messageIn(fn: StoreFunction, record: StoredRecord): Message {
  const parsed = parseDeadLetter(fn, record);
  if (parsed.kind === 'message') return parsed.message;
  const why = parsed.kind === 'skipped' ? `it does not consume ${String(record.attributes['type'])}` : parsed.detail;
  throw new AppError('conflict', `${fn.name} cannot handle it: ${why}`);
}

/** @throws {AppError} `conflict` when a replay would exceed the limit, or could have its effect twice. */
export function assertReplayable({ context, limits }: DeadLetterScope, row: DeadLetterRow): void {
  const { letter, replays, diedAt } = row;
  if (replays >= limits.replaysMax) {
    const most = `${limits.replaysMax} is the most (DEAD_LETTER_REPLAYS_MAX)`;
    throw new AppError(
      'conflict',
      `dead letter ${letter} was replayed ${replays === 1 ? 'once' : `${replays} times`}, and ${most}; force it, or edit it`,
    );
  }
  const { believed } = context;
  if (believed.believedMs - Date.parse(believed.notBefore(diedAt)) > limits.windowMs) {
    const why = `the inbox no longer knows whether it was handled since (${limits.windowSetting})`;
    throw new AppError('conflict', `dead letter ${letter} was given up at ${diedAt}, and ${why}; force it`);
  }
}

/**
 * The record with other data: a new message, caused by the one it replaces. Its id is derived, so that editing twice
 * gives the same message.
 * @throws {AppError} `invalid_request` with a pointer to what is wrong in `data`, `conflict` where the envelope is at
 * fault.
 */
export function editedRecord(
  fn: StoreFunction,
  row: DeadLetterRow,
  data: unknown,
): StoredRecord & { readonly id: string } {
  const { letter, topic, partition, position, attributes, diedAt } = row;
  const { id, type, correlationid } = attributes;
  const kind = typeof type === 'string' ? kindOf(fn.catalog, type) : null;
  if (kind === null) {
    throw new AppError(
      'conflict',
      `dead letter ${letter} has the type ${String(type)}, which this program does not know`,
    );
  }
  if (typeof id !== 'string' || !isWellFormed(id))
    throw new AppError('conflict', `dead letter ${letter} has no id to name as the cause of a new message`);
  const parsed = safeParseInput(z.object({ data: kind.schema }), { data });
  if (!parsed.success) throw invalid(parsed.error, 'the body');
  const newId = deriveId({ id, time: writtenAt(attributes) ?? diedAt }, `${fn.name} letter ${letter} 0`);
  const envelope = {
    id: newId,
    causationid: id,
    correlationid: correlationid ?? id,
    schemaversion: newestVersion(kind),
  };
  const value = JSON.stringify(parsed.data.data);
  assertSameSubject(fn.catalog, row, parsed.data.data);
  const { [DATA_BASE64]: _bytes, ...kept } = attributes;
  return { id: newId, topic, partition, position, attributes: { ...kept, ...envelope }, value };
}

/** An edit cannot change the subject: it is in the envelope, too, where other consumers have read it. */
function assertSameSubject(catalog: MessageCatalog, { attributes, value }: DeadLetterRow, data: unknown): void {
  const before = parsedOrText(value);
  if (typeof data !== 'object' || data === null) return;
  for (const name of catalog.subjectFields) {
    if (!(name in data)) continue;
    const now = (data as Readonly<Record<string, unknown>>)[name];
    const was =
      typeof before === 'object' && before !== null ? (before as Readonly<Record<string, unknown>>)[name] : null;
    if (now === attributes['subject'] || now === was) return;
    const subject = String(attributes['subject']);
    const detail = `the message is about ${subject}, and an edit cannot make it one about ${String(now)}`;
    const errors = [{ pointer: `/data/${name}`, detail }];
    throw new AppError('invalid_request', `the body is not valid at /data/${name}: ${detail}`, { errors });
  }
}

/**
 * The identity that the message claims, where its topic allows the claim. An identity that any client may have forged
 * is not remembered: it would block the genuine message.
 */
export function identityOf(fn: StoreFunction, { topic, attributes }: StoredRecord): InboxKey | null {
  const { id, source, type } = attributes;
  if (typeof id !== 'string' || typeof source !== 'string' || typeof type !== 'string') return null;
  if (!isWellFormed(id) || !isWellFormed(source)) return null;
  const isGenuine = !fn.consumes.includes(topic) || fn.catalog.isAllowedOnTopic(topic, type, source);
  return isGenuine ? { source, id } : null;
}

/** The inbox row of a message that is never to be handled; without a fingerprint where it cannot be read. */
export function rememberedAs({ fn, context }: DeadLetterScope, identity: InboxKey, record: StoredRecord): InboxRow {
  const parsed = parseDeadLetter(fn, record);
  const print = parsed.kind === 'message' ? fingerprint(parsed.message) : '';
  return { ...identity, fingerprint: print, seenDay: dayOf(context.believed.stampMs()) };
}
