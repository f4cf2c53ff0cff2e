/**
 * Where a stream of notices begins.
 *
 * The id of an event is the epoch of the stream and the position of the notice. A store that was restored from a copy uses
 * positions again, but never an epoch, so a position that this store never gave, or gave for other data, is told apart.
 */
import type { Store, Table } from '../../shared/ports/store.ts';
import { notices, removedNotices, type StreamEpochRow, streamEpochs } from './tables.ts';

type Reader = Pick<Store, 'find'>;

/** Why a stream does not simply go on after the position that its client sent. */
export type ResetReason = 'unknown_position' | 'another_epoch' | 'pruned';

export interface Start {
  readonly epoch: string;
  /** The notices after this position follow. */
  readonly after: number;
  /** Null where the stream goes on exactly where the client was, or where the client named no position. */
  readonly reset: ResetReason | null;
}

/** Since when a client without a position is connected, and the time now, by one clock. */
export interface Since {
  readonly sinceMs: number;
  readonly nowMs: number;
}

const FORM = /^([0-9a-f]{16})-(0|[1-9]\d{0,14})$/;
/** Ids of the release before had no epoch. */
const FORMER_FORM = /^(?:0|[1-9]\d{0,14})$/;
/** Asks for all notices, the oldest first. */
const OLDEST = '0';
const PAGE = 100;

export function idOf(epoch: string, position: number): string {
  return `${epoch}-${position}`;
}

/**
 * Where the stream of a client begins that sent `lastEventId`; empty when it sent none. Then it begins now, or where the
 * store was at an earlier time, `since`.
 */
export async function startOf(store: Reader, lastEventId: string, since: Since | null): Promise<Start> {
  const { epoch } = await newestEpoch(store);
  if (lastEventId === '') {
    return { epoch, after: since === null ? await endOf(store) : await positionSince(store, since), reset: null };
  }
  if (lastEventId === OLDEST) return { epoch, after: await beforeOldest(store), reset: null };
  const { after, reset } = await placeOf(store, lastEventId);
  if (after === null) return { epoch, after: await beforeOldest(store), reset };
  const removedTo = await removedPosition(store);
  if (after >= removedTo) return { epoch, after, reset };
  // What is left after that position follows. Where that is newer than all that is removed, so is the place.
  const [next] = await store.find({ table: notices, orderBy: ['position'], after: [after], limit: 1 });
  const isBetween = next?.position !== undefined && next.position < removedTo;
  return { epoch, after: isBetween ? after : removedTo, reset: reset ?? 'pruned' };
}

/** Where the stream begins again after all data were removed. */
export async function startAgain(store: Reader): Promise<Start> {
  const { epoch } = await newestEpoch(store);
  return { epoch, after: await beforeOldest(store), reset: 'another_epoch' };
}

/** The last position up to which this store's data are those that the client has seen; null when there is none. */
async function placeOf(
  store: Reader,
  lastEventId: string,
): Promise<{ readonly after: number | null; readonly reset: ResetReason | null }> {
  const [, epoch, digits = lastEventId] = FORM.exec(lastEventId) ?? [];
  const position = Number(digits);
  if (epoch === undefined) {
    const [first] = await store.find({ table: streamEpochs, limit: 1 });
    const isGiven = FORMER_FORM.test(lastEventId) && position <= (first?.fromPosition ?? 0);
    return isGiven ? { after: position, reset: null } : { after: null, reset: 'unknown_position' };
  }
  const [known] = await store.find({ table: streamEpochs, where: { epoch }, limit: 1 });
  if (known?.number === undefined) return { after: null, reset: 'another_epoch' };
  const [next] = await store.find({ table: streamEpochs, after: [known.number], limit: 1 });
  if (next === undefined) {
    const isGiven = position <= (await endOf(store));
    return isGiven ? { after: position, reset: null } : { after: null, reset: 'unknown_position' };
  }
  // Positions of that epoch beyond the next one were given before the data were restored from a copy.
  if (position <= next.fromPosition) return { after: position, reset: null };
  return { after: next.fromPosition, reset: 'another_epoch' };
}

async function newestEpoch(store: Reader): Promise<StreamEpochRow> {
  const [newest] = await store.find({ table: streamEpochs, descending: true, limit: 1 });
  return newest ?? { epoch: '', fromPosition: 0, beganAt: '' };
}

/** The newest position that was given, also where its notice is removed. */
async function endOf(store: Reader): Promise<number> {
  const [newest] = await store.find({ table: notices, orderBy: ['position'], descending: true, limit: 1 });
  return Math.max(newest?.position ?? 0, await removedPosition(store));
}

async function beforeOldest(store: Reader): Promise<number> {
  const [oldest] = await store.find({ table: notices, orderBy: ['position'], limit: 1 });
  return oldest?.position === undefined ? endOf(store) : oldest.position - 1;
}

async function removedPosition(store: Reader): Promise<number> {
  const [removed] = await store.find({ table: removedNotices, limit: 1 });
  return removed?.position ?? 0;
}

/**
 * The position at the time since which the client is connected. That may be some time ago: a gateway holds clients while
 * the function is unavailable. What was written by processes that began since then counts, and what happened since then.
 */
async function positionSince(store: Reader, { sinceMs, nowMs }: Since): Promise<number> {
  const isSince = (time: string) => Date.parse(time) >= sinceMs && Date.parse(time) <= nowMs;
  let position = await endOf(store);
  for await (const epochs of backwards(store, streamEpochs, 'number')) {
    const begun = epochs.filter(({ beganAt }) => isSince(beganAt));
    position = Math.min(position, ...begun.map(({ fromPosition }) => fromPosition));
    if (begun.length < epochs.length) break;
  }
  for await (const rows of backwards(store, notices, 'position')) {
    const written = rows.filter(({ createdAt }) => isSince(createdAt));
    position = Math.min(position, ...written.map((row) => (row.position ?? 0) - 1));
    if (written.length === 0) break;
  }
  return position;
}

/** Pages of a table, the newest rows first. */
async function* backwards<Row extends object>(
  store: Reader,
  table: Table<Row>,
  column: keyof Row & string,
): AsyncGenerator<readonly Row[]> {
  let after: readonly number[] | undefined;
  for (;;) {
    const query = { table, orderBy: [column], descending: true, limit: PAGE };
    const rows = await store.find<Row>(after === undefined ? query : { ...query, after });
    if (rows.length > 0) yield rows;
    if (rows.length < PAGE) return;
    after = [Number(rows.at(-1)?.[column])];
  }
}
