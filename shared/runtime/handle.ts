import { SCHEMA_VERSION } from '../../saga/messages.ts';
import { answer, type Draft, fingerprint, type Message, REFUSED } from '../core/message.ts';
import type { LogRecord } from '../ports/message-log.ts';
import type { Commit, DeadLetter, InboxRow, Loaded, Need, OutboxRow, Position, Store } from '../ports/store.ts';
import type { StoreFunction } from './function.ts';
import { Rows } from './rows.ts';

/** A message on its way in. `record` is where it lay, for one that came from a topic. */
export interface Delivery {
  readonly message: Message;
  /** Whether its id may come again, so that the inbox has to remember it. */
  readonly deduplicate: boolean;
  readonly record: LogRecord | null;
}

/** What became of a message. Only `handled` changed anything. */
export type Outcome =
  | {
      readonly kind: 'handled';
      readonly message: Message;
      readonly emitted: readonly Message[];
      readonly state: unknown;
    }
  /** Seen before, with the same payload. */
  | { readonly kind: 'duplicate'; readonly message: Message }
  /** Its id was seen before with another payload. */
  | { readonly kind: 'id_reused'; readonly message: Message }
  | { readonly kind: 'refused'; readonly message: Message; readonly code: string; readonly detail: string }
  /** The rules threw: a bug of ours. */
  | { readonly kind: 'failed'; readonly message: Message; readonly error: unknown };

/** What the sender of a command is told; where the rules threw, he gets their error instead. */
export type CommandOutcome = Exclude<Outcome, { kind: 'failed' }>;

/** What waits at a function, taken together. */
export interface Batch {
  readonly deliveries: readonly Delivery[];
  readonly positions: readonly Position[];
  /** Records that could not even be read. */
  readonly deadLetters: readonly DeadLetter[];
}

export interface Handled extends Commit {
  /** In the order of the batch's deliveries. */
  readonly outcomes: readonly Outcome[];
}

/**
 * The one way round: load, decide, evolve, commit. A batch is decided in order over an overlay, so that a message sees
 * what the ones before it changed, and is committed once. A message that fails contributes nothing.
 * `nowMs` becomes the time of the events. Resolves when the commit is on disk.
 */
export function handle(fn: StoreFunction, store: Store, batch: Batch, nowMs: number): Promise<Handled> {
  const needs = batch.deliveries.flatMap(({ message }) => fn.needs(message));
  const inbox = batch.deliveries.filter(({ deduplicate }) => deduplicate).map(({ message }) => message);
  return store.transact(needs, inbox, (loaded) => decideBatch(fn, batch, loaded, needs, new Date(nowMs).toISOString()));
}

function decideBatch(fn: StoreFunction, batch: Batch, loaded: Loaded, needs: readonly Need[], now: string): Handled {
  const rows = new Rows(loaded, needs);
  const inbox = new Inbox(loaded);
  const outcomes: Outcome[] = [];
  const outbox: OutboxRow[] = [];
  const deadLetters = [...batch.deadLetters];
  for (const delivery of batch.deliveries) {
    const outcome = decideOne(fn, rows, inbox, delivery, now);
    outcomes.push(outcome);
    if (outcome.kind === 'handled' && fn.publishes !== null) {
      for (const message of outcome.emitted) outbox.push({ topic: fn.publishes, message });
    }
    const letter = deadLetterOf(outcome, delivery.record);
    if (letter !== null) deadLetters.push(letter);
  }
  return { writes: rows.writes(), inbox: inbox.added, outbox, positions: batch.positions, deadLetters, outcomes };
}

function decideOne(fn: StoreFunction, rows: Rows, inbox: Inbox, delivery: Delivery, now: string): Outcome {
  const { message, deduplicate } = delivery;
  const print = deduplicate ? fingerprint(message) : '';
  if (deduplicate) {
    const seen = inbox.seen(message);
    if (seen !== undefined) return { kind: seen === print ? 'duplicate' : 'id_reused', message };
  }
  try {
    const before = fn.load(rows, message);
    const drafts = fn.rules.decide(before, message);
    const refused = drafts.find(({ type }) => type === REFUSED);
    if (refused !== undefined)
      return { kind: 'refused', message, ...(refused.data as { code: string; detail: string }) };
    const after = drafts.reduce((state: unknown, draft: Draft) => fn.rules.evolve(state, draft), before);
    const emitted =
      fn.publishes === null
        ? []
        : drafts.map((draft, index) => answer(message, fn.name, index, draft, now, SCHEMA_VERSION));
    rows.put(fn.save({ before, after, message, emitted }));
    if (deduplicate) inbox.add(message, print);
    return { kind: 'handled', message, emitted, state: after };
  } catch (error) {
    return { kind: 'failed', message, error };
  }
}

/** Which messages were seen: in the store, or earlier in this batch. */
class Inbox {
  readonly added: InboxRow[] = [];
  readonly #loaded: Loaded;
  readonly #batch = new Map<string, string>();

  constructor(loaded: Loaded) {
    this.#loaded = loaded;
  }

  seen(message: Message): string | undefined {
    return this.#batch.get(`${message.source} ${message.id}`) ?? this.#loaded.seen(message);
  }

  add({ source, id }: Message, print: string): void {
    this.#batch.set(`${source} ${id}`, print);
    this.added.push({ source, id, fingerprint: print });
  }
}

/** A message from a topic has nobody waiting for the answer: what cannot be handled is kept for a person. */
function deadLetterOf(outcome: Outcome, record: LogRecord | null): DeadLetter | null {
  if (record === null) return null;
  switch (outcome.kind) {
    case 'id_reused':
      return { ...record, code: 'id_reused', detail: `${outcome.message.id} was seen before with another payload` };
    case 'refused':
      return { ...record, code: 'refused', detail: `${outcome.code}: ${outcome.detail}` };
    case 'failed':
      return { ...record, code: 'failed', detail: describeError(outcome.error) };
    default:
      return null;
  }
}

/** An error as one text, with its stack where it has one. */
export function describeError(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
