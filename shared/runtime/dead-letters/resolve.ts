import { AppError } from '../../core/errors.ts';
import type { Commit, Need, Table, Write } from '../../ports/store.ts';
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

/** Who decides, and why. */
export interface Signed {
  readonly who: string;
  readonly reason: string;
}

type Action = ResolutionRow['action'];

/** What a decision changes. */
interface ResolutionChange {
  readonly after: Partial<DeadLetterRow>;
  readonly writes: readonly Write[];
  /** For the audit, besides what changes in the letter. */
  readonly note?: { readonly before: object; readonly after: object };
}

/** A letter as it is in the transaction that decides about it. */
interface ResolutionInput {
  readonly row: DeadLetterRow;
  /** The key that waits for the decision; null where none does. */
  readonly held: ParkedKeyRow | null;
  readonly now: string;
  key(name: string): ParkedKeyRow | undefined;
}

/**
 * The message is tried once more, as it is and under its own id, before all that waits behind it. When that fails, the letter
 * is open again.
 * @throws {AppError} `conflict` when it is not open, cannot be handled, or {@link assertReplayable} says so and nobody forces it.
 */
export function replay(
  scope: DeadLetterScope,
  letter: string,
  by: Signed,
  { force = false, action = 'replay' }: { readonly force?: boolean; readonly action?: 'replay' | 'upgrade' } = {},
): Promise<DeadLetterRow> {
  return decide(scope, letter, action, by, (input) => {
    const { row, now } = input;
    messageIn(scope.fn, row);
    if (!force) assertReplayable(scope, row);
    const waiting = input.held ?? freeKey(input);
    return {
      after: { status: 'replaying', replays: row.replays + 1 },
      writes: prepended(waiting, row, { dueAt: now, attempt: 0, letter }),
    };
  });
}

/** What came of an edit. */
export interface Edited {
  readonly row: DeadLetterRow;
  readonly differences: readonly Difference[];
}

/**
 * The message goes on with other contents, as a new one that the first has caused. The first one is never handled.
 * @throws {AppError} `invalid_request` with pointers into `data`, `conflict` when it is not open or its envelope is at fault.
 */
export async function edit(scope: DeadLetterScope, letter: string, data: unknown, by: Signed): Promise<Edited> {
  const { fn } = scope;
  let differences: readonly Difference[] = [];
  const row = await decide(scope, letter, 'edit', by, (input) => {
    const { id, ...record } = editedRecord(fn, input.row, data);
    messageIn(fn, record);
    const [before, after] = [parsedOrText(input.row.value), parsedOrText(record.value)];
    differences = differencesOf(before, after);
    const note = { before: { id: input.row.attributes['id'], data: before }, after: { id, data: after } };
    return { after: { status: 'edited' }, writes: inPlaceOf(input, record), note };
  });
  return { row, differences };
}

/**
 * Nobody will handle the message, also when it comes again. What waits behind it goes on.
 * @throws {AppError} `conflict` when it is not open.
 */
export function close(
  scope: DeadLetterScope,
  letter: string,
  action: 'discard' | 'compensate' | 'upgrade',
  by: Signed,
): Promise<DeadLetterRow> {
  const status = action === 'compensate' ? 'compensated' : 'discarded';
  return decide(scope, letter, action, by, (input) => ({ after: { status }, writes: released(input) }));
}

/** How many messages wait for the decision about a letter. */
export async function countBehind({ context }: DeadLetterScope, row: DeadLetterRow): Promise<number> {
  for (const key of keyNamesOf(row)) {
    const [waiting] = await context.store.find({ table: parkedKeys, where: { key }, limit: 1 });
    if (waiting?.letter === row.letter && waiting.dueAt === null) return waiting.tail - waiting.head;
  }
  return 0;
}

/** One decision in one commit: what it was is looked at where it is changed, so that two people cannot both decide. */
async function decide(
  scope: DeadLetterScope,
  letter: string,
  action: Action,
  by: Signed,
  rule: (input: ResolutionInput) => ResolutionChange,
): Promise<DeadLetterRow> {
  const { fn, context } = scope;
  const found = await existingDeadLetter(scope, letter);
  const keys = keyNamesOf(found);
  const needs: readonly Need[] = [
    { table: deadLetters as Table, values: [letter] },
    ...keys.map((key) => ({ table: parkedKeys as Table, values: [key] })),
  ];
  const identity = identityOf(fn, found);
  const now = new Date(context.clock.nowMs()).toISOString();
  const { after } = await context.store.transact(needs, identity === null ? [] : [identity], (loaded) => {
    const rows = new RowOverlay(loaded, needs);
    const row = rows.one(deadLetters, letter);
    if (row === undefined) throw unknownDeadLetter(letter);
    assertOpen(row);
    const key = (name: string) => rows.one(parkedKeys, name);
    const held = keys.map(key).find((waiting) => waiting?.letter === letter && waiting.dueAt === null) ?? null;
    const change = rule({ row, held, now, key });
    const decided: DeadLetterRow = { ...row, ...change.after, decidedAt: now };
    rows.put([
      ...change.writes,
      put(deadLetters, decided),
      put(resolutions, auditOf(row, decided, action, by, change)),
    ]);
    const isOver = decided.status !== 'replaying' && identity !== null && loaded.seen(identity) === undefined;
    const inbox = isOver ? [rememberedAs(scope, identity, row)] : [];
    const commit: Commit = { writes: rows.writes(), inbox, outbox: [], positions: [] };
    return { ...commit, after: decided };
  });
  await context.invalidateParked();
  return after;
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

/** The keys under which a letter, or what becomes of it, may wait. */
function keyNamesOf(row: DeadLetterRow): readonly string[] {
  const keys = [row.key, ownKey(row), keyOfRecord(row)];
  return [...new Set(keys.filter((key) => key !== null))];
}

/** Where a letter is replayed that holds up nobody, while its key is busy or where it has none. */
function ownKey({ letter }: DeadLetterRow): string {
  return `letter:${letter}`;
}

function freeKey({ row, now, key }: ResolutionInput): ParkedKeyRow {
  for (const name of row.key === null ? [ownKey(row)] : [row.key, ownKey(row)]) {
    if (key(name) === undefined) return newParkedKey(name, now);
  }
  throw new AppError('conflict', `other messages wait as ${ownKey(row)}; try again when they have passed`);
}

/** An edited message takes the place of the first one where that still blocks its key; else it is parked as a new one. */
function inPlaceOf(input: ResolutionInput, record: StoredRecord): readonly Write[] {
  const { held, row, now } = input;
  const due = { dueAt: now, attempt: 0, letter: null };
  if (held !== null && held.key !== ownKey(row)) return prepended(held, record, due);
  const key = keyOfRecord(record) ?? ownKey(row);
  const waiting = input.key(key);
  const next = waiting === undefined ? prepended(newParkedKey(key, now), record, due) : appended(waiting, record);
  return [...released(input), ...next];
}

/** Unblocks the key that waits for the resolution. */
function released({ held, now }: ResolutionInput): readonly Write[] {
  return held === null ? [] : [resumed(held, now)];
}
