/**
 * One epoch of a topic's writer, from one start to the next. Its records come after `from`, up to the `from` of the
 * next epoch. A writer whose file was restored from a copy reuses positions, but never an epoch.
 */
export interface Epoch {
  readonly epoch: string;
  readonly from: number;
}

/**
 * The epoch in which a record was written; `''` for a record older than all known epochs. The oldest epoch comes first.
 */
export function epochAt(epochs: readonly Epoch[], position: number): string {
  return epochs.findLast(({ from }) => from < position)?.epoch ?? '';
}

/**
 * The position at which a reader continues: the last place that it and the topic both know. `known` has the position up
 * to which it has read each epoch; `epochs` and `end` are those of the topic. The result is the reader's own position,
 * unless the topic was restored from a copy or created again since.
 */
export function placeOf(known: ReadonlyMap<string, number>, epochs: readonly Epoch[], end: number): number {
  for (const [index, { epoch }] of [...epochs.entries()].reverse()) {
    const position = known.get(epoch);
    if (position !== undefined) return Math.min(position, epochs[index + 1]?.from ?? end);
  }
  return Math.min(known.get('') ?? 0, epochs[0]?.from ?? end);
}
