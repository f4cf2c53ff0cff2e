/**
 * The disks that a power cut can leave, from what programs did to the disk. Pure.
 *
 * It promises no more than POSIX does: the contents of a file last after a sync of the file, its name after a sync of its
 * folder. Everything else may be there or not, in any combination that keeps the order of changes to one name.
 */
import { posix } from 'node:path';
import type { Chance } from '../chaos/chance.ts';
import { DiskFile, type Fate } from './disk-file.ts';
import type { DiskChange } from './record.ts';

export const dataKinds = ['none', 'prefix', 'subset', 'torn', 'all'] as const;
export const entryKinds = ['none', 'prefix', 'subset', 'all'] as const;

/** What a cut keeps of that which was not synced. */
export interface Cut {
  /** Of what was written to files. `torn`: a prefix, and some sectors of the write after it. */
  readonly data: (typeof dataKinds)[number];
  /** Of the names in folders. */
  readonly entries: (typeof entryKinds)[number];
}

/** The files and folders of a disk, without its root; parents first. */
export interface Disk {
  readonly folders: readonly string[];
  readonly files: readonly { readonly path: string; readonly contents: Buffer }[];
}

class Folder {
  readonly entries = new Map<string, Entry>();
}
type Entry = Folder | DiskFile;

/** `entry` gets this name, or the name is removed where it is null. A rename is two of them with one number. */
interface EntryChange {
  readonly number: number;
  readonly folder: Folder;
  readonly name: string;
  readonly entry: Entry | null;
  readonly endedNs: bigint;
  isLasting: boolean;
}

/** A disk that is empty at first. */
export class DiskModel {
  readonly #root = new Folder();
  /** By inode: what it is now. */
  readonly #known = new Map<number, Entry>();
  /** In order. Changes that are lasting stay here while an earlier one is not. */
  readonly #entryChanges: EntryChange[] = [];
  #changes = 0;

  apply(change: DiskChange): void {
    this.#changes += 1;
    const { kind, path, other, inode, number, data, beganNs, endedNs } = change;
    switch (kind) {
      case 'create':
      case 'mkdir': {
        const entry = kind === 'mkdir' ? new Folder() : new DiskFile();
        this.#known.set(inode, entry);
        this.#name(path, entry, endedNs);
        break;
      }
      case 'write':
      case 'truncate':
        this.#file(change).change({
          number: this.#changes,
          at: number,
          data: kind === 'write' ? data : null,
          endedNs,
        });
        break;
      case 'sync': {
        const entry = this.#entry(change);
        if (entry instanceof DiskFile) entry.synced(beganNs);
        else this.#syncedFolder(entry, beganNs);
        break;
      }
      case 'sync failed': {
        const entry = this.#entry(change);
        if (entry instanceof DiskFile) entry.syncFailed();
        break;
      }
      case 'unlink':
      case 'rmdir':
        this.#name(path, null, endedNs);
        break;
      case 'rename':
        this.#name(path, null, endedNs);
        this.#name(other, this.#entry(change), endedNs);
        break;
      case 'link':
        this.#name(other, this.#entry(change), endedNs);
    }
  }

  /** A disk as a cut after the last change can leave it. */
  cut({ data, entries }: Cut, chance: Chance): Disk {
    const survives = this.#drawEntries(entries, chance);
    const names = namesAfter(this.#root, this.#entryChanges, survives);
    const files = filesIn(this.#root, names, '');
    const unsynced = files.flatMap(({ file }) => file.unsynced()).sort((a, b) => a - b);
    const fateOf = drawFates(data, unsynced, chance);
    return {
      folders: foldersIn(this.#root, names, ''),
      files: files.map(({ path, file }) => ({ path, contents: file.after(fateOf, chance) })),
    };
  }

  #name(path: string, entry: Entry | null, endedNs: bigint): void {
    const folder = this.#folderOf(path);
    const name = posix.basename(path);
    this.#entryChanges.push({ number: this.#changes, folder, name, entry, endedNs, isLasting: false });
  }

  #folderOf(path: string): Folder {
    const names = posix.dirname(path) === '.' ? [] : posix.dirname(path).split('/');
    let folder: Entry = this.#root;
    for (const name of names) {
      const newest: EntryChange | undefined = this.#entryChanges.findLast(
        (change) => change.folder === folder && change.name === name,
      );
      const found: Entry | null | undefined =
        newest === undefined && folder instanceof Folder ? folder.entries.get(name) : newest?.entry;
      if (!(found instanceof Folder)) throw new Error(`${path} was changed, and ${name} is no folder of the disk`);
      folder = found;
    }
    return folder as Folder;
  }

  #entry({ path, inode }: DiskChange): Entry {
    const entry = path === '' ? this.#root : this.#known.get(inode);
    if (entry === undefined) throw new Error(`${path} (inode ${inode}) was changed before it was created`);
    return entry;
  }

  #file(change: DiskChange): DiskFile {
    const entry = this.#entry(change);
    if (entry instanceof Folder) throw new Error(`${change.path} is a folder, and its contents were changed`);
    return entry;
  }

  #syncedFolder(folder: Folder, beganNs: bigint): void {
    const covered = this.#entryChanges.filter((change) => change.folder === folder && change.endedNs <= beganNs);
    const numbers = new Set(covered.map(({ number }) => number));
    for (const change of this.#entryChanges) change.isLasting ||= numbers.has(change.number);
    while (this.#entryChanges[0]?.isLasting === true) {
      const [done] = this.#entryChanges.splice(0, 1);
      if (done !== undefined) rename(done.folder.entries, done);
    }
  }

  /** The numbers of the changes of names that survive, in an order that a file system can leave. */
  #drawEntries(kind: Cut['entries'], chance: Chance): ReadonlySet<number> {
    const open = [...new Set(this.#entryChanges.flatMap(({ number, isLasting }) => (isLasting ? [] : [number])))];
    if (kind === 'all') return new Set(open);
    if (kind === 'none') return new Set();
    if (kind === 'prefix') return new Set(open.slice(0, chance.whole(0, open.length)));
    const survives = new Set<number>();
    /** Names of which a change is lost: their later changes are lost, too. */
    const lost: EntryChange[] = [];
    for (const number of open) {
      const parts = this.#entryChanges.filter((change) => change.number === number);
      const isBlocked = parts.some(({ folder, name }) => lost.some((l) => l.folder === folder && l.name === name));
      if (chance.next() < 0.5 && !isBlocked) survives.add(number);
      else lost.push(...parts);
    }
    return survives;
  }
}

function rename(entries: Map<string, Entry>, { name, entry }: EntryChange): void {
  if (entry === null) entries.delete(name);
  else entries.set(name, entry);
}

type Names = (folder: Folder) => ReadonlyMap<string, Entry>;

function namesAfter(root: Folder, changes: readonly EntryChange[], survives: ReadonlySet<number>): Names {
  const names = new Map<Folder, Map<string, Entry>>();
  const namesOf = (folder: Folder) => {
    const known = names.get(folder) ?? new Map(folder.entries);
    names.set(folder, known);
    return known;
  };
  namesOf(root);
  for (const change of changes) {
    if (change.isLasting || survives.has(change.number)) rename(namesOf(change.folder), change);
  }
  return namesOf;
}

function foldersIn(folder: Folder, names: Names, prefix: string): readonly string[] {
  return [...names(folder)].flatMap(([name, entry]) =>
    entry instanceof Folder ? [`${prefix}${name}`, ...foldersIn(entry, names, `${prefix}${name}/`)] : [],
  );
}

function filesIn(folder: Folder, names: Names, prefix: string): readonly { path: string; file: DiskFile }[] {
  return [...names(folder)].flatMap(([name, entry]) =>
    entry instanceof Folder ? filesIn(entry, names, `${prefix}${name}/`) : [{ path: `${prefix}${name}`, file: entry }],
  );
}

/** What becomes of the changes with these numbers, which are in order. */
function drawFates(kind: Cut['data'], unsynced: readonly number[], chance: Chance): (number: number) => Fate {
  if (kind === 'all' || kind === 'none') return () => (kind === 'all' ? 'kept' : 'lost');
  if (kind === 'subset') {
    const lostFates = new Map(unsynced.map((number) => [number, drawFate(chance)]));
    return (number) => lostFates.get(number) ?? 'lost';
  }
  const border = chance.whole(0, unsynced.length);
  const torn = kind === 'torn' ? unsynced[border] : undefined;
  const kept = new Set(unsynced.slice(0, border));
  return (number) => (kept.has(number) ? 'kept' : number === torn ? 'torn' : 'lost');
}

function drawFate(chance: Chance): Fate {
  return chance.pick([
    ['kept', 4],
    ['lost', 2],
    ['only its size', 1],
    ['torn', 1],
  ]);
}
