import type { Message } from '../../core/message.ts';

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
  /** A command on which the rules threw: a bug, or a transient error. */
  | { readonly kind: 'failed'; readonly message: Message; readonly error: unknown }
  /** Parked for its next attempt, or (without an error) behind others of its key. */
  | { readonly kind: 'parked'; readonly message: Message; readonly error?: unknown }
  /** Dead-lettered after its last attempt; an operator has to resolve it. */
  | { readonly kind: 'dead'; readonly message: Message; readonly error: unknown };

/** What the sender of a command gets; where the rules threw, the sender gets their error instead. */
export type CommandOutcome = Extract<Outcome, { kind: 'handled' | 'duplicate' | 'id_reused' | 'refused' }>;
