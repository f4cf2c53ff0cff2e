import type { Message } from '../../core/message.ts';
import type { MessageCatalog } from '../../core/message-catalog.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Store } from '../../ports/store.ts';
import type { Handled } from '../handle/handle-batch.ts';
import type { Incoming, Precondition } from '../handle/incoming.ts';
import type { CommandOutcome, Outcome } from '../handle/outcome.ts';
import type { BelievedTime } from './believed-time.ts';

export interface SubmitOptions {
  /** Whether the command can be sent again under its id, so that the inbox has to remember it. */
  readonly deduplicate?: boolean;
  /** Refuses the command where the state is not the one that its sender has asked for. */
  readonly precondition?: Precondition | undefined;
}

/** What the host provides to a function's routes and loops. */
export interface FunctionContext {
  readonly store: Store;
  readonly clock: Clock;
  /** The time that decides what is forgotten. */
  readonly believed: BelievedTime;
  readonly catalog: MessageCatalog;
  /** Puts a command in the queue and gives its outcome once it is on disk. Rejects with what the rules threw. */
  submit(message: Message, options?: SubmitOptions): Promise<CommandOutcome>;
  /** What would become of these now: decided as always, and not committed. */
  dryRun(incoming: readonly Incoming[]): Promise<Handled>;
  /** To be called when what is parked was changed beside the batches, by a person's decision. */
  invalidateParked(): Promise<void>;
  /**
   * Calls `listener` after each commit with its outcomes, and with none after all data were removed; returns a function
   * that stops this.
   */
  onCommit(listener: (outcomes: readonly Outcome[]) => void): () => void;
}
