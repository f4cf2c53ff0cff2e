import type { Draft, Message } from './message.ts';

/**
 * The business rules of a function: pure and synchronous. No clock, no random numbers, no `await`; time comes in the
 * message. Both members use method syntax, so that the runtime can hold deciders of different states in one list.
 */
export interface Decider<State, Input extends Message = Message, Output extends Draft = Draft> {
  /** The result of `message`: events, a refusal, or nothing (handled before, or no longer applicable). */
  decide(state: State, message: Input): readonly Output[];
  /** The state after one of these events. */
  evolve(state: State, event: Output): State;
}
