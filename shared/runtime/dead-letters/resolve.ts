import { AppError } from '../../core/errors.ts';
import { laterOf } from '../../core/utc-time.ts';
import type { Commit, Need, Table, UnitOfWork, Write } from '../../ports/store.ts';
import {
  type DeadLetterRow,
  deadLetters,
  type ParkedKeyRow,
  parkedKeys,
  type ResolutionRow,
  resolutions,
  type StoredRecord,
} from '../../ports/tables/retry.ts';
import { keyOfRecord } from '../handle/parse-record.ts';
import { appended, newParkedKey, prepended, put, resumed } from '../handle/retry-rows.ts';
import { RowOverlay } from '../handle/row-overlay.ts';
import {
  assertOpen,
  assertReplayable,
  type DeadLetterScope,
  editedRecord,
  existingDeadLetter,
  identityOf,
  messageIn,
  rememberedAs,
  unknownDeadLetter,
} from './dead-letter.ts';
import { type Difference, differencesOf, parsedOrText } from './json-diff.ts';

/** The operator who resolves a dead letter, and the reason. */
export interface Signed {
  readonly who: string;
  readonly reason: string;
}

type Action = ResolutionRow['action'];

/** The changes of a resolution. */
interface ResolutionChange {
  readonly after: Partial<DeadLetterRow>;
  readonly writes: readonly Write[];
  /** For the audit, besides what changes in the dead letter. */
  readonly note?: { readonly before: object; readonly after: object };
}

/** A dead letter inside the transaction that resolves it. */
interface ResolutionInput {
  readonly row: DeadLetterRow;
  /** The key that it blocks; null where it blocks none. */
  readonly blockedKey: ParkedKeyRow | null;
  readonly now: string;
  key(name: string): ParkedKeyRow | undefined;
}

/**
 * Tries the message once more, unchanged and under its own id, before the messages behind it. When it fails, the dead
 * letter is open again.
 * @throws {AppError} `conflict` when it is not open, cannot be handled, or, unless forced, fails
 * {@link assertReplayable}.
 */
export async function replay(
  scope: DeadLetterScope,
  id: string,
  by: Signed,
  { force = false, action = 'replay' }: { readonly force?: boolean; readonly action?: 'replay' | 'upgrade' } = {},
): Promise<DeadLetterRow> {
  const { row: resolved } = await resolve(scope, id, action, by, (input) => {
    const { row, now } = input;
    messageIn(scope.fn, row);
    if (!force) assertReplayable(scope, row);
    const waiting = input.blockedKey ?? freeKey(input);
    return {
      after: { status: 'replaying', replays: row.replays + 1 },
      writes: prepended(waiting, row, { dueAt: now, attempt: 0, letter: id }),
    };
  });
  return resolved;
}

/** The result of an edit. */
export interface Edited {
  readonly row: DeadLetterRow;
  readonly differences: readonly Difference[];
}

/**
 * Replaces the message by a new one with other data, caused by the first. The first one is never handled.
 * @throws {AppError} `invalid_request` with pointers into `data`, `conflict` when it is not open or its envelope is at
 * fault.
 */
export async function edit(scope: DeadLetterScope, id: string, data: unknown, by: Signed): Promise<Edited> {
  const { fn } = scope;
  const edits = (input: ResolutionInput) => {
    const { id: newId, ...record } = editedRecord(fn, input.row, data);
    messageIn(fn, record);
    const [before, after] = [parsedOrText(input.row.value), parsedOrText(record.value)];
    const note = { before: { id: input.row.attributes['id'], data: before }, after: { id: newId, data: after } };
    const change: ResolutionChange = { after: { status: 'edited' }, writes: inPlaceOf(input, record), note };
    return { ...change, differences: differencesOf(before, after) };
  };
  const { row, change } = await resolve(scope, id, 'edit', by, edits);
  return { row, differences: change.differences };
}

/**
 * Ends the dead letter: the message is never handled, even when it is delivered again. The messages behind it continue.
 * @throws {AppError} `conflict` when it is not open.
 */
export async function close(
  scope: DeadLetterScope,
  id: string,
  action: 'discard' | 'compensate' | 'upgrade',
  by: Signed,
): Promise<DeadLetterRow> {
  const status = action === 'compensate' ? 'compensated' : 'discarded';
  const { row } = await resolve(scope, id, action, by, (input) => ({ after: { status }, writes: released(input) }));
  return row;
}

/** The number of messages that wait for the resolution of a dead letter. */
export async function countBehind({ context }: DeadLetterScope, row: DeadLetterRow): Promise<number> {
  for (const key of keyNamesOf(row)) {
    const [waiting] = await context.store.find({ table: parkedKeys, where: { key }, limit: 1 });
    if (waiting?.letter === row.letter && waiting.dueAt === null) return waiting.tail - waiting.head;
  }
  return 0;
}

/** Reads and resolves the dead letter in one commit, so that two operators cannot both resolve it. */
async function resolve<Change extends ResolutionChange>(
  scope: DeadLetterScope,
  id: string,
  action: Action,
  by: Signed,
  rule: (input: ResolutionInput) => Change,
): Promise<{ readonly row: DeadLetterRow; readonly change: Change }> {
  const { fn, context } = scope;
  const found = await existingDeadLetter(scope, id);
  const keys = keyNamesOf(found);
  const needs: readonly Need[] = [
    { table: deadLetters as Table, values: [id] },
    ...keys.map((key) => ({ table: parkedKeys as Table, values: [key] })),
  ];
  const identity = identityOf(fn, found);
  const nowMs = context.clock.nowMs();
  await context.believed.note(nowMs);
  const now = new Date(nowMs).toISOString();
  const unit: UnitOfWork = { needs, inbox: identity === null ? [] : [identity], keys };
  const { row, change } = await context.store.transact(unit, (loaded) => {
    const rows = new RowOverlay(loaded, needs);
    const row = rows.one(deadLetters, id);
    if (row === undefined) throw unknownDeadLetter(id);
    assertOpen(row);
    const key = (name: string) => rows.one(parkedKeys, name);
    const blockedKey = keys.map(key).find((waiting) => waiting?.letter === id && waiting.dueAt === null) ?? null;
    const change = rule({ row, blockedKey, now, key });
    const resolved: DeadLetterRow = { ...row, ...change.after, decidedAt: laterOf(now, row.diedAt) };
    rows.put([
      ...change.writes,
      put(deadLetters, resolved),
      put(resolutions, auditOf(row, resolved, action, by, change)),
    ]);
    const isForgotten = resolved.status === 'replaying' || isDroppedCopy(resolved);
    const isRemembered = !isForgotten && identity !== null && loaded.seen(identity) === undefined;
    const inbox = isRemembered ? [rememberedAs(scope, identity, row)] : [];
    const commit: Commit = { writes: rows.writes(), inbox, outbox: [], positions: [] };
    return { ...commit, row: resolved, change };
  });
  await context.invalidateParked();
  return { row, change };
}

/** Who discards a late copy does not discard its message, which may be still to come. */
function isDroppedCopy({ code, status }: DeadLetterRow): boolean {
  return code === 'late' && status === 'discarded';
}

function auditOf(
  before: DeadLetterRow,
  after: DeadLetterRow,
  action: Action,
  { who, reason }: Signed,
  { note }: ResolutionChange,
): ResolutionRow {
  const audit = { letter: after.letter, action, who, at: after.decidedAt ?? '', reason };
  const seen = ({ status, replays }: DeadLetterRow) =>
    before.replays === after.replays ? { status } : { status, replays };
  return { ...audit, before: { ...seen(before), ...note?.before }, after: { ...seen(after), ...note?.after } };
}

/** The keys under which a dead letter, its replay or its edit may wait. */
function keyNamesOf(row: DeadLetterRow): readonly string[] {
  const keys = [row.key, ownKey(row), keyOfRecord(row)];
  return [...new Set(keys.filter((key) => key !== null))];
}

/** The key for replaying a dead letter that blocks no key: where its own key is busy, or where it has none. */
function ownKey({ letter }: DeadLetterRow): string {
  return `letter:${letter}`;
}

function freeKey({ row, now, key }: ResolutionInput): ParkedKeyRow {
  for (const name of row.key === null ? [ownKey(row)] : [row.key, ownKey(row)]) {
    if (key(name) === undefined) return newParkedKey(name, now);
  }
  throw new AppError('conflict', `other messages wait as ${ownKey(row)}; try again when they have passed`);
}

/**
 * An edited message takes the place of the first one where that still blocks its key; else it is parked as a new one.
 */
function inPlaceOf(input: ResolutionInput, record: StoredRecord): readonly Write[] {
  const { blockedKey, row, now } = input;
  const due = { dueAt: now, attempt: 0, letter: null };
  if (blockedKey !== null && blockedKey.key !== ownKey(row)) return prepended(blockedKey, record, due);
  const key = keyOfRecord(record) ?? ownKey(row);
  const waiting = input.key(key);
  const next = waiting === undefined ? prepended(newParkedKey(key, now), record, due) : appended(waiting, record);
  return [...released(input), ...next];
}

/** Unblocks the key that waits for the resolution. */
function released({ blockedKey, now }: ResolutionInput): readonly Write[] {
  return blockedKey === null ? [] : [resumed(blockedKey, now)];
}
