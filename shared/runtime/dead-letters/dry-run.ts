import type { Message } from '../../core/message.ts';
import type { DeadLetterRow, StoredRecord } from '../../ports/tables/retry.ts';
import type { Outcome } from '../handle/outcome.ts';
import { receiptOf, receivedWhen } from '../handle/receipt.ts';
import { describeError } from '../observe/error-report.ts';
import {
  assertOpen,
  assertReplayable,
  type DeadLetterScope,
  editedRecord,
  existingDeadLetter,
  messageIn,
} from './dead-letter.ts';
import { type Difference, differencesOf, parsedOrText } from './json-diff.ts';
import { countBehind } from './resolve.ts';

/** What its function would do with the message now. */
export interface DryRunOutcome {
  readonly outcome: Outcome['kind'];
  readonly events: readonly Message[];
  readonly writes: readonly { readonly table: string; readonly row: object; readonly removed: boolean }[];
  /** Why it would not be handled; null where it would be. */
  readonly error: string | null;
}

/** What a resolution would do; nothing is changed. */
export interface DryRun {
  readonly row: DeadLetterRow;
  readonly foreseen: DryRunOutcome | null;
  readonly differences: readonly Difference[] | null;
  /** Messages that wait for the resolution. */
  readonly behind: number;
}

/** Refuses what {@link replay} would refuse, with the same errors. */
export async function dryRunReplay(scope: DeadLetterScope, id: string, force: boolean): Promise<DryRun> {
  const row = await openDeadLetter(scope, id);
  messageIn(scope.fn, row);
  if (!force) assertReplayable(scope, row);
  return {
    row,
    foreseen: await dryRunRecord(scope, row),
    differences: null,
    behind: await countBehind(scope, row),
  };
}

export async function dryRunEdit(scope: DeadLetterScope, id: string, data: unknown): Promise<DryRun> {
  const row = await openDeadLetter(scope, id);
  const record = editedRecord(scope.fn, row, data);
  const foreseen = await dryRunRecord(scope, record);
  const differences = differencesOf(parsedOrText(row.value), parsedOrText(record.value));
  return { row, foreseen, differences, behind: await countBehind(scope, row) };
}

export async function dryRunClose(scope: DeadLetterScope, id: string): Promise<DryRun> {
  const row = await openDeadLetter(scope, id);
  return { row, foreseen: null, differences: null, behind: await countBehind(scope, row) };
}

async function openDeadLetter(scope: DeadLetterScope, id: string): Promise<DeadLetterRow> {
  const row = await existingDeadLetter(scope, id);
  assertOpen(row);
  return row;
}

/** Runs as a command, which waits behind no other message: only its own dead letter is before it. */
async function dryRunRecord({ fn, context }: DeadLetterScope, record: StoredRecord): Promise<DryRunOutcome> {
  const now = new Date(context.clock.nowMs()).toISOString();
  const message = receivedWhen(messageIn(fn, record), receiptOf(record, fn.catalog, now));
  const item = { from: 'command', message, deduplicate: true } as const;
  const { outcomes, outbox, writes } = await context.dryRun([item]);
  const [outcome] = outcomes;
  return {
    outcome: outcome?.kind ?? 'failed',
    events: outbox.map((sent) => sent.message),
    writes: writes.map(({ table, row, removed = false }) => ({ table: table.name, row, removed })),
    error: outcome === undefined ? 'it has no outcome' : errorOf(outcome),
  };
}

function errorOf(outcome: Outcome): string | null {
  if ('error' in outcome && outcome.error !== undefined) return describeError(outcome.error);
  if (outcome.kind === 'refused') return `${outcome.code}: ${outcome.detail}`;
  if (outcome.kind === 'id_reused') return `${outcome.message.id} was seen before with another payload`;
  return null;
}
