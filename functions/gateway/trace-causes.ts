import type { StoreBody } from '../../shared/runtime/inspect/representation.ts';
import type { NodeBody } from '../../shared/runtime/inspect/trace-representation.ts';

type Saga = StoreBody['saga'];

/**
 * The cause of an event, where it is stored nowhere that answers: a command that came by HTTP, a timer, or an event that was
 * pruned or whose writer is away. The saga says what it can have been; where that is several things, its type is not known.
 */
export function commandOrCause(
  id: string,
  event: Pick<NodeBody, 'id' | 'type' | 'at'>,
  { steps }: Saga,
  away: readonly string[],
): NodeBody {
  const possible = steps
    .filter(({ by, emits }) => by === event.at && emits.includes(event.type ?? ''))
    .map(({ on }) => ({ type: on, writer: steps.find(({ emits }) => emits.includes(on))?.by ?? null }));
  // An event whose writer answers would have been found.
  const likely = possible.filter(({ writer }) => writer === null || away.includes(writer));
  const causes = likely.length > 0 ? likely : possible;
  const [only] = causes.length === 1 ? causes : [];
  const writer = only?.writer ?? null;
  const isEvent = causes.length > 0 && causes.every((cause) => cause.writer !== null);
  return {
    id,
    type: only?.type ?? null,
    at: writer ?? event.at,
    kind: isEvent ? 'event' : 'command',
    time: null,
    causationId: null,
    topic: null,
    message: null,
    // It led to an event there.
    reads: [{ by: event.at, state: 'handled', letter: null }],
    notice: null,
  };
}
