/** Repeatable random numbers: the same seed and stream name always return the same numbers. */
export interface Chance {
  /** From 0 (included) to 1 (excluded). */
  next(): number;
  /** A whole number, both ends included. */
  whole(min: number, max: number): number;
  /** One of the choices, with a probability by weight. @throws when there is nothing to pick from */
  pick<Choice>(weighted: readonly (readonly [choice: Choice, weight: number])[]): Choice;
}

/** Mulberry32. Streams of one seed have names, so that one can change without changing the others. */
export function chanceFrom(seed: number, stream: string): Chance {
  let state = (seed ^ hashOf(stream)) | 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    whole: (min, max) => min + Math.floor(next() * (max - min + 1)),
    pick(weighted) {
      let rest = next() * weighted.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [choice, weight] of weighted) {
        rest -= weight;
        if (rest < 0) return choice;
      }
      throw new Error('there is nothing to pick from');
    },
  };
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  return hash;
}
