import type { NodeBody } from '../../shared/runtime/inspect/trace-representation.ts';

/**
 * Each node behind its cause, and behind what the same function wrote before it; else the earlier one first. Clocks decide only
 * where nothing else does: those of two functions may differ.
 */
export function inCausalOrder(nodes: readonly NodeBody[]): readonly NodeBody[] {
  const before = causesOf(nodes);
  const times = timesOf(nodes);
  const timeOf = ({ id }: NodeBody) => times.get(id) ?? '';
  const waiting = [...nodes].sort(
    (one, other) => Number(timeOf(one) > timeOf(other)) - Number(timeOf(one) < timeOf(other)),
  );
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

/** The time of each node; of one that has none, such as a command that is not stored, that of the first thing it led to. */
function timesOf(nodes: readonly NodeBody[]): ReadonlyMap<string, string> {
  const times = new Map(nodes.flatMap(({ id, time }) => (time === null ? [] : [[id, time] as const])));
  const stored = new Set(times.keys());
  for (const { causationId, time } of nodes) {
    if (causationId === null || time === null || stored.has(causationId)) continue;
    const known = times.get(causationId);
    if (known === undefined || time < known) times.set(causationId, time);
  }
  return times;
}
