/** What the tabs of one browser tell each other about the stream that one of them has open. */
import type {
  FunctionEventBody,
  MessagesEventBody,
  TickBody,
} from '../../../../../shared/runtime/inspect/stream-representation.ts';

/** The state of a function, and since when this browser has seen it, in milliseconds since 1970. */
export type LiveFunction = FunctionEventBody & { readonly sinceMs: number };

/** `connection` names one opening of the stream; null while there is none. `pausedSinceMs`: when it was lost; null while it flows. */
export interface LiveStatus {
  readonly connection: string | null;
  readonly pausedSinceMs: number | null;
}

export type LiveEvent =
  | { readonly kind: 'tick'; readonly body: TickBody }
  | { readonly kind: 'function'; readonly body: LiveFunction }
  | { readonly kind: 'messages'; readonly body: MessagesEventBody }
  | { readonly kind: 'status'; readonly body: LiveStatus }
  /** A tab that has just come asks for what there is. */
  | { readonly kind: 'hello' };
