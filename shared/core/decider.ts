import type { Draft, Message } from './message.ts';

/**
 * The business rules of a function: pure and synchronous. No clock, no chance, no `await`; time arrives in the message.
 * Methods are written as methods on purpose: the runtime holds deciders of every state in one list.
 */
export interface Decider<State, Input extends Message = Message, Output extends Draft = Draft> {
  /** What happens now that `message` is here: events, a refusal, or nothing (seen before, or no longer fitting). */
  decide(state: State, message: Input): readonly Output[];
  /** The state after one of those events. */
  evolve(state: State, event: Output): State;
}
