import type { Position } from '../../ports/store.ts';
import type { PartitionEnds } from './kafka-client.ts';

/** Where a lane is taken up. */
export interface LaneStart {
  /** How far it was read. */
  readonly position: number;
  readonly epoch: string;
  /** What the record at that position says of itself, where it is there to be asked. */
  readonly proof: string | null;
}

/** Records that were never read are gone. */
export interface Missed {
  readonly missed: string;
}

/**
 * Where to read on in a lane that the group has read up to `known`; undefined where it has read nothing of it.
 *
 * A topic that was deleted and made anew has the same name and other records: positions in it mean nothing. It shows when the
 * position lies behind its end, or when the record there is another one. Then a new epoch of reading begins with its oldest
 * record, and the inbox tells what is new.
 *
 * @param mayMiss whether the group goes on where records that it has not read were pruned
 * @param epoch for a new epoch
 */
export function laneStart(
  known: Pick<Position, 'position' | 'epoch' | 'proof'> | undefined,
  { low, high }: Pick<PartitionEnds, 'low' | 'high'>,
  mayMiss: boolean,
  epoch: string,
): LaneStart | Missed {
  const position = known?.position ?? 0;
  if (position > high) return { position: low, epoch, proof: null };
  if (position < low && !mayMiss) return { missed: `records ${position + 1} to ${low}` };
  const start = Math.max(position, low);
  // The record at the lowest position that can be read on from is pruned already.
  const isThere = start === position && start > low;
  return {
    position: start,
    epoch: known === undefined ? epoch : (known.epoch ?? ''),
    proof: (isThere ? known?.proof : undefined) ?? null,
  };
}
