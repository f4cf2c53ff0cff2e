import { EPISODE_MS } from './causal-order.ts';

/**
 * How far each moment is from the one before, in milliseconds; null where that is not known. A moment without a time, such as that
 * of a command that is not stored, stands at the next one that has a time: a pause lies before it, not behind it.
 */
export function distancesOf(times: readonly (number | null)[]): readonly (number | null)[] {
  let beforeMs: number | null = null;
  let isGuessed = false;
  return times.map((atMs, index) => {
    const ms = atMs ?? times.slice(index).find((time) => time !== null) ?? null;
    if (ms === null) return null;
    const distance = beforeMs === null ? null : ms - beforeMs;
    if (atMs === null && (distance === null || distance <= EPISODE_MS)) return null;
    const isSaid = atMs !== null && isGuessed;
    beforeMs = ms;
    isGuessed = atMs === null;
    return isSaid ? null : distance;
  });
}
