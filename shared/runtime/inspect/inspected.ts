import type { Clock } from '../../ports/clock.ts';
import type { MessageLog } from '../../ports/message-log.ts';
import type { Relayed } from '../../ports/relayed.ts';
import type { Store } from '../../ports/store.ts';
import type { StoreFunction } from '../function.ts';
import type { Outcome } from '../handle/outcome.ts';
import type { Figures } from '../worker/figures.ts';
import type { Watermarks } from '../worker/watermarks.ts';
import type { NodeBody } from './trace-representation.ts';

/** What only the function itself knows about a key: steps that are no messages, such as notices. */
export type OwnStep = Pick<NodeBody, 'id' | 'type' | 'time' | 'causationId' | 'notice'>;

/** A function as those see it who look at it while it runs. Nothing here writes. */
export interface Inspected {
  readonly fn: StoreFunction;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Pick<MessageLog, 'features' | 'progress' | 'browse'>;
  /** What was sent of the outbox; null where the outbox is the log. */
  readonly relayed: Relayed | null;
  /** The only function that writes a topic; null for a public one. */
  readonly writerOf: (topic: string) => string | null;
  readonly figures: Figures;
  readonly watermarks: Pick<Watermarks, 'has'>;
  /** Why it cannot work now, as a sentence; null when it can. */
  unavailableReason(): Promise<string | null>;
  waiting(): { readonly parked: number; readonly paused: readonly string[] };
  /** The size of the write-ahead log; null where the engine has none. */
  walBytes(): number | null;
  /** As in `FunctionContext`. */
  onCommit(listener: (outcomes: readonly Outcome[]) => void): () => void;
  /** The steps of a key that are no messages of a topic. */
  stepsOf(key: string): Promise<readonly OwnStep[]>;
  /** Ends streams. */
  readonly stopping: AbortSignal;
}
