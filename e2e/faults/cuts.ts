/** Chooses where a recorded run is cut, and what each cut keeps. */
import type { Chance } from '../chaos/chance.ts';
import type { Acknowledged } from './acknowledged.ts';
import { type Cut, type Disk, DiskModel, dataKinds, entryKinds } from './disk-model.ts';
import type { DiskChange } from './record.ts';

export const places = [
  'at the creation',
  'after an answer',
  'in a commit',
  'in a checkpoint',
  'in a topic file',
  'anywhere',
] as const;
export type Place = (typeof places)[number];

export interface PlannedCut extends Cut {
  readonly place: Place;
  /** The last change before the cut. */
  readonly after: number;
}

/** How many of the first changes count as the creation: folders, files, schemas. */
const CREATION_CHANGES = 400;
/** How many changes of a topic's file count as its first writes: another program makes them, which no start repeats. */
const TOPIC_CHANGES = 60;

/** So many cuts of each place, in the order of the run. Places that the run does not have are missing. */
export function planCuts(
  changes: readonly DiskChange[],
  promises: readonly Acknowledged[],
  counts: Readonly<Record<Place, number>>,
  chance: Chance,
): readonly PlannedCut[] {
  const cuts = places.flatMap((place) => {
    const possible = possibleCuts(place, changes, promises);
    if (possible.length === 0) return [];
    return Array.from({ length: counts[place] }, (_, n): PlannedCut => {
      // Spread over the run, at a random place of each part of it.
      const index = Math.floor(((n + chance.next()) * possible.length) / counts[place]);
      return { place, after: possible[index] ?? 0, data: pick(dataKinds, chance), entries: pick(entryKinds, chance) };
    });
  });
  return cuts.sort((a, b) => a.after - b.after);
}

function pick<Kind>(kinds: readonly Kind[], chance: Chance): Kind {
  return chance.pick(kinds.map((kind) => [kind, 1]));
}

/** The changes after which a cut lies at this place. */
function possibleCuts(
  place: Place,
  changes: readonly DiskChange[],
  promises: readonly Acknowledged[],
): readonly number[] {
  const all = changes.map((_, index) => index);
  switch (place) {
    case 'at the creation':
      return all.slice(0, CREATION_CHANGES);
    case 'after an answer':
      return promises.map(({ atNs }) => changes.findLastIndex(({ endedNs }) => endedNs <= atNs)).filter((n) => n >= 0);
    case 'in a commit':
      return all.filter((n) => changes[n]?.kind === 'write' && changes[n]?.path.endsWith('-wal'));
    case 'in a checkpoint':
      return all.filter((n) => n >= CREATION_CHANGES && changes[n]?.path.endsWith('.db') === true);
    case 'in a topic file':
      return all.filter((n) => changes[n]?.path.includes('/topics/')).slice(0, TOPIC_CHANGES);
    case 'anywhere':
      return all;
  }
}

export interface CutDisk {
  readonly cut: PlannedCut;
  readonly disk: Disk;
  /** Made before the cut. */
  readonly promises: readonly Acknowledged[];
}

/** The disks that the cuts leave, one after the other. */
export function* cutDisks(
  changes: readonly DiskChange[],
  promises: readonly Acknowledged[],
  cuts: readonly PlannedCut[],
  chance: Chance,
): Generator<CutDisk> {
  const model = new DiskModel();
  let done = 0;
  for (const cut of cuts) {
    for (; done <= cut.after; done++) {
      const change = changes[done];
      if (change !== undefined) model.apply(change);
    }
    // The cut lies just before the end of the next change, so that it is as late as can be.
    const endNs = changes[cut.after + 1]?.endedNs;
    const before = promises.filter(({ atNs }) => endNs === undefined || atNs < endNs);
    yield { cut, disk: model.cut(cut, chance), promises: before };
  }
}
