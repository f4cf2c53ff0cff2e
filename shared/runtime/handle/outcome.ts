import type { Message } from '../../core/message.ts';

/** What became of a message. */
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
  /** A command on which the rules threw: a bug of ours, or trouble that may pass. */
  | { readonly kind: 'failed'; readonly message: Message; readonly error: unknown }
  /** It waits for its next attempt, or (without an error) behind others of its key. */
  | { readonly kind: 'parked'; readonly message: Message; readonly error?: unknown }
  /** It was given up, and waits for a person. */
  | { readonly kind: 'dead'; readonly message: Message; readonly error: unknown };

/** What the sender of a command is told; where the rules threw, he gets their error instead. */
export type CommandOutcome = Extract<Outcome, { kind: 'handled' | 'duplicate' | 'id_reused' | 'refused' }>;
