/**
 * One life of a topic's writer, from one of its starts to the next. Its records lie behind `from`, up to the `from` of the
 * life that follows it. A writer whose file was restored from a copy uses positions again, and never a life.
 */
export interface Epoch {
  readonly epoch: string;
  readonly from: number;
}

/** The life in which a record was written; `''` for what is older than all that are known. The oldest life comes first. */
export function epochAt(epochs: readonly Epoch[], position: number): string {
  return epochs.findLast(({ from }) => from < position)?.epoch ?? '';
}

/**
 * Where a reader goes on that has read each life up to a position (`known`) in a topic with these lives and this end: the last
 * place that both know. That is its own position, unless the topic was restored from a copy or made anew meanwhile.
 */
export function placeOf(known: ReadonlyMap<string, number>, epochs: readonly Epoch[], end: number): number {
  for (const [index, { epoch }] of [...epochs.entries()].reverse()) {
    const position = known.get(epoch);
    if (position !== undefined) return Math.min(position, epochs[index + 1]?.from ?? end);
  }
  return Math.min(known.get('') ?? 0, epochs[0]?.from ?? end);
}
