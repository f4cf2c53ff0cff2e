import type { Message } from '../../core/message.ts';
import type { Reason } from './retry-queue.ts';

/** The outcome of handling a message. */
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
  /** A copy that a former run of a relay sent, of a message that has come or comes again. */
  | { readonly kind: 'late'; readonly message: Message }
  /** A command on which the rules threw: a bug, or a transient error. */
  | { readonly kind: 'failed'; readonly message: Message; readonly error: unknown }
  /** Parked for its next attempt, or (without an error) behind others of its key. */
  | { readonly kind: 'parked'; readonly message: Message; readonly error?: unknown }
  /** Dead-lettered after its last attempt; an operator has to resolve it. */
  | { readonly kind: 'dead'; readonly message: Message; readonly error: unknown };

/** What the sender of a command gets; where the rules threw, the sender gets their error instead. */
export type CommandOutcome = Extract<Outcome, { kind: 'handled' | 'duplicate' | 'id_reused' | 'refused' }>;

/** A message that no further attempt can handle. */
type DeadLettered = Extract<Outcome, { kind: 'refused' | 'id_reused' | 'late' }>;

export function isDeadLettered(outcome: Outcome): outcome is DeadLettered {
  return outcome.kind === 'refused' || outcome.kind === 'id_reused' || outcome.kind === 'late';
}

export function reasonOf(outcome: DeadLettered): Reason {
  switch (outcome.kind) {
    case 'refused':
      return { code: 'refused', detail: `${outcome.code}: ${outcome.detail}` };
    case 'id_reused':
      return { code: 'id_reused', detail: `${outcome.message.id} was seen before with another payload` };
    case 'late':
      return { code: 'late', detail: 'a former run of the relay sent this copy: the message has come or comes again' };
  }
}
