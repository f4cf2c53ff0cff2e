import type { Message } from '../../core/message.ts';
import type { LetterRow } from '../../ports/tables/retry.ts';
import type { Outcome } from '../handle/outcome.ts';
import { describeError } from '../observe/error-report.ts';
import {
  assertOpen,
  assertReplayable,
  editedRecord,
  existingLetter,
  type LetterDesk,
  messageIn,
} from './dead-letter.ts';
import { type Difference, differencesOf, parsedOrText } from './json-diff.ts';
import { countBehind } from './resolve.ts';

/** What the message would do now, as far as its function is concerned. */
export interface Foreseen {
  readonly outcome: Outcome['kind'];
  readonly events: readonly Message[];
  readonly writes: readonly { readonly table: string; readonly row: object; readonly removed: boolean }[];
  /** Why it would not be handled; null where it would. */
  readonly error: string | null;
}

/** What a decision would do; nothing is changed. */
export interface Prospect {
  readonly row: LetterRow;
  readonly foreseen: Foreseen | null;
  readonly differences: readonly Difference[] | null;
  /** Messages that wait for the decision. */
  readonly behind: number;
}

/** Refuses what the decision itself would refuse, with the same errors. */
export async function foreseeReplay(desk: LetterDesk, letter: string, force: boolean): Promise<Prospect> {
  const row = await openLetter(desk, letter);
  const message = messageIn(desk.fn, row);
  if (!force) assertReplayable(desk, row);
  return { row, foreseen: await foresee(desk, message), differences: null, behind: await countBehind(desk, row) };
}

export async function foreseeEdit(desk: LetterDesk, letter: string, data: unknown): Promise<Prospect> {
  const row = await openLetter(desk, letter);
  const record = editedRecord(desk.fn, row, data);
  const foreseen = await foresee(desk, messageIn(desk.fn, record));
  const differences = differencesOf(parsedOrText(row.value), parsedOrText(record.value));
  return { row, foreseen, differences, behind: await countBehind(desk, row) };
}

export async function foreseeClose(desk: LetterDesk, letter: string): Promise<Prospect> {
  const row = await openLetter(desk, letter);
  return { row, foreseen: null, differences: null, behind: await countBehind(desk, row) };
}

async function openLetter(desk: LetterDesk, letter: string): Promise<LetterRow> {
  const row = await existingLetter(desk, letter);
  assertOpen(row);
  return row;
}

/** As a command, which waits for nobody: what stands before it is its own letter. */
async function foresee({ context }: LetterDesk, message: Message): Promise<Foreseen> {
  const arrival = { from: 'command', message, deduplicate: true } as const;
  const { outcomes, outbox, writes } = await context.preview([arrival]);
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
