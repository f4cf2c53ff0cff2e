/** Reads what the programs did to the disk: the notes that disk-record.h writes. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const HEADER_BYTES = 48;
const kinds = [
  'write',
  'truncate',
  'sync',
  'sync failed',
  'create',
  'unlink',
  'rename',
  'link',
  'mkdir',
  'rmdir',
] as const;

/** One change of the disk. Times are those of `process.hrtime.bigint()`. */
export interface DiskChange {
  readonly kind: (typeof kinds)[number];
  /** Below the root; empty for the root itself. */
  readonly path: string;
  /** The new path of `rename` and `link`; else empty. */
  readonly other: string;
  /** Which file it is, whatever its name is now. */
  readonly inode: number;
  /** Where `data` was written, or the size that a file was truncated to. */
  readonly number: number;
  readonly data: Buffer;
  readonly beganNs: bigint;
  readonly endedNs: bigint;
}

/**
 * The changes of all processes in the order in which they ended: what is acknowledged before the end of a change relies
 * on earlier changes alone.
 */
export function readChanges(recordDir: string, root: string): readonly DiskChange[] {
  return readdirSync(recordDir)
    .filter((name) => name.endsWith('.notes'))
    .flatMap((name) => parseNotes(readFileSync(join(recordDir, name)), root))
    .sort((a, b) => (a.endedNs < b.endedNs ? -1 : a.endedNs > b.endedNs ? 1 : 0));
}

/** The changes of one process. A last note that is not complete belongs to a process that was killed. */
export function parseNotes(bytes: Buffer, root: string): readonly DiskChange[] {
  const changes: DiskChange[] = [];
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const [kind = 0, pathLength = 0, otherLength = 0, size = 0] = [0, 4, 8, 12].map((n) => bytes.readUInt32LE(at + n));
    const pathAt = at + HEADER_BYTES;
    const otherAt = pathAt + pathLength;
    const dataAt = otherAt + otherLength;
    if (dataAt + size > bytes.length) break;
    const name = kinds[kind - 1];
    if (name === undefined) throw new Error(`the notes have an unknown change ${kind} at byte ${at}`);
    changes.push({
      kind: name,
      path: relative(root, bytes.toString('utf8', pathAt, otherAt)),
      other: otherLength === 0 ? '' : relative(root, bytes.toString('utf8', otherAt, dataAt)),
      inode: Number(bytes.readBigUInt64LE(at + 16)),
      number: Number(bytes.readBigInt64LE(at + 24)),
      data: bytes.subarray(dataAt, dataAt + size),
      beganNs: bytes.readBigUInt64LE(at + 32),
      endedNs: bytes.readBigUInt64LE(at + 40),
    });
    at = dataAt + size;
  }
  return changes;
}
