/** Which way on the map a committed message has come. */
import type { CommittedBody } from '../../../../../shared/runtime/inspect/stream-representation.ts';
import { endId, type SagaGraph } from './saga-graph.ts';

/**
 * The edges that a message makes visible when it is handled: the one by which its event came to be, and the one that ends here.
 * `typeOf` knows the types of messages that were seen before, by id.
 */
export function waysOf(
  { edges }: SagaGraph,
  { type, function: by, causationId }: CommittedBody,
  typeOf: (id: string) => string | undefined,
): readonly string[] {
  const cause = causationId === null ? undefined : typeOf(causationId);
  const into = edges.filter(({ to, isBack }) => to === type && !isBack);
  const came = into.find(({ from }) => from === cause) ?? (into.length === 1 ? into[0] : undefined);
  const out = edges.filter((edge) => edge.from === type && edge.by === by && !edge.isBack);
  // What a function that emits nothing has handled goes no further; what it always emits needs no reader to be seen.
  const ends = out.filter(
    (edge, _, all) => edge.to === endId(type, by) || (all.length === 1 && isLeaf(edges, edge.to)),
  );
  // Each reader of an event tells of it; the way to it is shown for one.
  const isFirst = edges.find((edge) => edge.from === type)?.by === by;
  return [...(came !== undefined && isFirst ? [came] : []), ...ends].map(({ id }) => id);
}

function isLeaf(edges: SagaGraph['edges'], id: string): boolean {
  return !edges.some(({ from }) => from === id);
}
