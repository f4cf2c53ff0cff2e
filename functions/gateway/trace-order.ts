import type { NodeBody } from '../../shared/runtime/inspect/trace-representation.ts';

/**
 * Each node behind its cause, and behind what the same function wrote before it; else the earlier one first. Clocks decide only
 * where nothing else does: those of two functions may differ.
 */
export function inCausalOrder(nodes: readonly NodeBody[]): readonly NodeBody[] {
  const before = causesOf(nodes);
  const waiting = [...nodes].sort(byTime);
  const ordered: NodeBody[] = [];
  const done = new Set<string>();
  while (waiting.length > 0) {
    const isReady = ({ id }: NodeBody) => (before.get(id) ?? []).every((cause) => done.has(cause));
    // Data that were restored from a copy may name causes in a circle: then the earliest goes first.
    const [next] = waiting.splice(Math.max(0, waiting.findIndex(isReady)), 1);
    if (next === undefined) break;
    ordered.push(next);
    done.add(next.id);
  }
  return ordered;
}

/** For each node what has to come before it: its cause, and the message that lies before it in the same topic. */
function causesOf(nodes: readonly NodeBody[]): ReadonlyMap<string, readonly string[]> {
  const ids = new Set(nodes.map(({ id }) => id));
  const before = new Map<string, string[]>();
  for (const { id, causationId } of nodes) {
    before.set(id, causationId !== null && causationId !== id && ids.has(causationId) ? [causationId] : []);
  }
  const last = new Map<string, string>();
  const stored = nodes.filter(({ topic, message }) => topic !== null && message !== null);
  for (const { id, topic, message } of stored.sort((one, other) => positionOf(one) - positionOf(other))) {
    const lane = `${topic}/${message?.partition}`;
    const previous = last.get(lane);
    if (previous !== undefined) before.get(id)?.push(previous);
    last.set(lane, id);
  }
  return before;
}

function positionOf({ message }: NodeBody): number {
  return message?.position ?? 0;
}

/** What has no time is the beginning of something. */
function byTime(one: NodeBody, other: NodeBody): number {
  const [first, second] = [one.time ?? '', other.time ?? ''];
  if (first === second) return 0;
  return first < second ? -1 : 1;
}
