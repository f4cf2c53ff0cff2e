/** Compiles the library that cuts and breaks disks, and steers it while programs run with it. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  realpathSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The layout of the control file; disk-inject.h reads it. */
const CONTROL_SIZE = 4_096;
const COUNTS_AT = 3_072;
const RULES_MAX = 16;
const COMPILERS = ['cc', 'gcc', 'clang'];

export type DiskOperation = 'read' | 'write' | 'sync' | 'open' | 'truncate' | 'entry';
/**
 * `short`: half of the bytes. `end`: no bytes, as at the end of a file. The others are errors of the system.
 * Only reads and writes can be short or end.
 */
export type DiskFailure =
  | 'short'
  | 'end'
  | 'EIO'
  | 'ENOSPC'
  | 'EINTR'
  | 'EMFILE'
  | 'ENFILE'
  | 'EACCES'
  | 'EROFS'
  | 'EDQUOT'
  | 'ENOMEM';

/** Calls that fail. */
export interface DiskRule {
  /** `entry`: what changes a folder (create a folder, rename, link, remove). */
  readonly operation: DiskOperation;
  readonly failure: DiskFailure;
  /** A glob for the path below the root, where `*` matches `/` too. Every path by default. */
  readonly pattern?: string;
  /** Matching calls of a process that are left alone first. */
  readonly skip?: number;
  /** How many calls of a process fail; every one by default, until the rules change. */
  readonly count?: number;
  /** The share of calls that fail, 0 to 1. */
  readonly share?: number;
}

/** How many calls a rule has matched, and how many of them failed, in all processes. */
export interface RuleCounts {
  readonly matched: number;
  readonly failed: number;
}

/** @returns the path of the library; null on a machine that is not Linux or has no C compiler */
export function compileDiskFault(folder: string): string | null {
  if (process.platform !== 'linux') return null;
  const library = join(folder, 'disk-fault.so');
  const source = sourceFile();
  const found = COMPILERS.some((compiler) => {
    try {
      execFileSync(compiler, ['-shared', '-fPIC', '-O2', '-o', library, source, '-lpthread'], { stdio: 'pipe' });
      return true;
    } catch (error) {
      // A compiler that is there and refuses the source is a bug of the source.
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
      throw error;
    }
  });
  return found ? library : null;
}

/**
 * The library for one test file.
 * @returns null on a machine that cannot make it; `needs-compiler.ts` has said so
 */
export function libraryForTests(): string | null {
  const folder = mkdtempSync(join(tmpdir(), 'saga-store-disk-fault-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return compileDiskFault(folder);
}

/** Also found from dist/e2e/faults. */
function sourceFile(): string {
  const here = fileURLToPath(new URL('./disk-fault.c', import.meta.url));
  return existsSync(here) ? here : fileURLToPath(new URL('../../../e2e/faults/disk-fault.c', import.meta.url));
}

/** The disk below one folder, as the programs see it that are started with `env`. */
export class FaultyDisk {
  /** For the programs. */
  readonly env: Readonly<Record<string, string>>;
  /** The folder with the notes of the programs; null when none are kept. */
  readonly recordDir: string | null;
  readonly #control: number;
  #generation = 0;
  #rules = 0;

  /**
   * @param root the folder whose files are noted and can fail; it exists
   * @param workDir a folder outside `root` for the control file and the notes
   */
  constructor(library: string, root: string, workDir: string, { records }: { readonly records: boolean }) {
    mkdirSync(workDir, { recursive: true });
    const controlFile = join(workDir, 'control');
    this.recordDir = records ? join(workDir, 'notes') : null;
    if (this.recordDir !== null) mkdirSync(this.recordDir);
    this.#control = openSync(controlFile, 'w+');
    writeSync(this.#control, Buffer.alloc(CONTROL_SIZE));
    this.env = {
      LD_PRELOAD: library,
      DISK_FAULT_ROOT: realpathSync(root),
      DISK_FAULT_CONTROL: controlFile,
      ...(this.recordDir === null ? {} : { DISK_FAULT_RECORD: this.recordDir }),
    };
    this.set([]);
  }

  /** These rules hold from now on, in place of all earlier ones, and count from 0. */
  set(rules: readonly DiskRule[]): void {
    if (rules.length > RULES_MAX) throw new Error(`${rules.length} rules are given; the library takes ${RULES_MAX}`);
    this.#generation += 1;
    this.#rules = rules.length;
    const lines = rules.map(({ operation, failure, skip = 0, count = 0, share = 1, pattern = '*' }) =>
      [operation, failure, skip, count, Math.round(share * 1_000), pattern].join(' '),
    );
    const text = [this.#generation, ...lines, `${this.#generation} end`, ''].join('\n');
    writeSync(this.#control, Buffer.alloc(CONTROL_SIZE - COUNTS_AT), 0, null, COUNTS_AT);
    writeSync(this.#control, Buffer.concat([Buffer.from(text), Buffer.alloc(COUNTS_AT - text.length)]), 0, null, 0);
  }

  /** Nothing fails any more. */
  clear(): void {
    this.set([]);
  }

  /** What each rule did since it was set. */
  counts(): readonly RuleCounts[] {
    const counts = Buffer.alloc(RULES_MAX * 16);
    readSync(this.#control, counts, 0, counts.length, COUNTS_AT);
    return Array.from({ length: this.#rules }, (_, rule) => ({
      matched: Number(counts.readBigUInt64LE(16 * rule)),
      failed: Number(counts.readBigUInt64LE(16 * rule + 8)),
    }));
  }

  close(): void {
    closeSync(this.#control);
  }
}
