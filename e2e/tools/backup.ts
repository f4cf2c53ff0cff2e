/** `npm run backup -- <folder>`: copies the data of a store, also while it runs, as of one moment. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  type Stats,
  statSync,
} from 'node:fs';
import { constants } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { dataFile } from '../../functions/engine.ts';
import { functionModules } from '../../functions/registry.ts';
import { flush } from '../../shared/adapters/embedded/store/durable-folder.ts';
import { AppError } from '../../shared/core/errors.ts';
import { printable } from '../../shared/core/printable.ts';
import { type CopiedFile, copyStore } from './backup-copy.ts';
import { jsonText, runAsMain, runCommand, toolCommand } from './command-line.ts';
import { StoreError, type Terminal } from './store-client.ts';

const HELP = `
The data folder is DATA_DIR, else ./data; the store may run meanwhile. The copy is a data folder. It is made beside <folder>, as
<folder>.partial-…, and gets its name when every file was read back and is on disk.
Exit codes: 0 copied and checked, 1 not copied, and nothing is left of the copy, 2 a command line that cannot be understood.`;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Backup {
  readonly dataDir: string;
  readonly target: string;
  readonly files: readonly CopiedFile[];
  readonly bytes: number;
  readonly seconds: number;
}

/** @throws StoreError where there is nothing to copy, or no place for the copy; UsageError */
export async function backup(args: readonly string[], terminal: Terminal): Promise<void> {
  const command = toolCommand('backup', terminal)
    .description('Copies the data of a store as of one moment, and checks the copy.')
    .argument('<folder>', 'where the copy goes: a new folder, or an empty one')
    .option('--json', 'print what was copied as JSON')
    .addHelpText('after', HELP)
    .action(async (folder: string, { json = false }: { json?: boolean }) => {
      const done = await backUp(terminal.env['DATA_DIR'] || './data', folder);
      terminal.out(json ? jsonText(done) : textOf(done));
    });
  await runCommand(command, args, terminal);
}

function textOf({ dataDir, target, files, bytes, seconds }: Backup): string {
  const size = (count: number) => `${count.toLocaleString('en-US')} bytes`;
  return [
    ...files.map(({ file, bytes: each }) => `${printable(join(target, file))}  ${size(each)}`),
    `Copied ${files.length} files, ${size(bytes)}, from ${printable(dataDir)} in ${seconds.toFixed(2)} s; each was checked.`,
  ].join('\n');
}

/**
 * Copies the store in `dataDir` to `target`. After an error or a signal nothing is left of the copy.
 * @throws StoreError where there is nothing to copy, or no place for the copy
 */
async function backUp(dataDir: string, target: string): Promise<Backup> {
  const startMs = performance.now();
  const from = resolve(dataDir);
  const source = dataFolder(from);
  const to = placeOf(target);
  assertFree(to, source);
  const begun = new Begun(to);
  try {
    const partial = begun.create();
    const files = await copyStore(from, partial);
    for (const folder of [partial, dirname(partial)]) flush(folder);
    begun.finish();
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    return { dataDir: from, target: to, files, bytes, seconds: Math.round(performance.now() - startMs) / 1_000 };
  } catch (error) {
    begun.remove();
    throw error instanceof StoreError || error instanceof AppError ? error : notCopied(to, error);
  } finally {
    begun.end();
  }
}

/** @throws StoreError where it is not the data folder of a store, or lacks a function */
function dataFolder(folder: string): Stats {
  const found = statOf(folder);
  const advice = 'Set it to the data folder of a store.';
  if (found === null) throw new StoreError(`DATA_DIR: there is no data folder ${folder}. ${advice}`);
  if (!found.isDirectory()) throw new StoreError(`DATA_DIR: ${folder} is a file, not a data folder. ${advice}`);
  const missing = functionModules.map(({ name }) => name).filter((name) => !existsSync(dataFile(folder, name)));
  if (missing.length === 0) return found;
  if (missing.length === functionModules.length) {
    const what = readdirSync(folder).length === 0 ? 'is empty' : 'has no data of a store';
    throw new StoreError(`DATA_DIR: ${folder} ${what}. ${advice}`);
  }
  const names = missing.join(' and ');
  throw new StoreError(
    `DATA_DIR: ${folder} has no data of ${names}, so a copy would be incomplete. Start ${names} once.`,
  );
}

/** @throws StoreError where a copy at `target` would be in the way of something */
function assertFree(target: string, source: Stats): void {
  const isSource = (found: Stats | null) => found !== null && found.ino === source.ino && found.dev === source.dev;
  if (isSource(statOf(target))) throw new StoreError(`${target} is the data folder itself; copy to another folder`);
  for (let at = target; at !== dirname(at); at = dirname(at)) {
    if (isSource(statOf(dirname(at))))
      throw new StoreError(`${target} is in the data folder; copy to a place outside it`);
  }
  const found = statOf(target);
  if (found === null && isLink(target)) {
    throw new StoreError(`${target} is a link to a folder that is not there; copy to that folder, or to a new one`);
  }
  if (found === null) return;
  if (!found.isDirectory()) throw new StoreError(`${target} already exists and is a file; copy into a new folder`);
  if (readdirSync(target).length > 0) {
    throw new StoreError(`${target} already exists and is not empty; copy into a new or an empty folder`);
  }
  if (found.dev !== statOf(dirname(target))?.dev) {
    throw new StoreError(
      `${target} is a disk of its own; copy into a new folder on it, such as ${join(target, 'copy')}`,
    );
  }
}

/** The path of a folder that is there, without links; a link cannot be replaced by a folder. */
function placeOf(target: string): string {
  const path = resolve(target);
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

/** Null where there is nothing. @throws StoreError where that cannot be known */
function statOf(path: string): Stats | null {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return null;
    throw new StoreError(`${path} cannot be looked at: ${error instanceof Error ? error.message : error}`);
  }
}

function notCopied(target: string, error: unknown): unknown {
  if (!(error instanceof Error && 'code' in error)) return error;
  const code = String(error.code);
  if (['ENOSPC', 'EDQUOT', 'SQLITE_FULL'].includes(code)) {
    return new StoreError(`There is no room for the copy at ${target} (${code}). Free some, or copy to another disk.`);
  }
  return new StoreError(`The copy at ${target} cannot be written: ${error.message} (${code})`);
}

/** The folder of a copy that is not done yet, and the folders above it that were created for it. */
class Begun {
  readonly #target: string;
  readonly #partial: string;
  readonly #stop = (signal: NodeJS.Signals) => {
    this.remove();
    process.exit(128 + constants.signals[signal]);
  };
  /** The first folder that is created; null while none is. */
  #created: string | null = null;
  #finished = false;

  constructor(target: string) {
    this.#target = target;
    this.#partial = `${target}.partial-${process.pid}-${Date.now().toString(36)}`;
    for (const signal of SIGNALS) process.on(signal, this.#stop);
  }

  create(): string {
    const missing = missingFolders(this.#partial);
    this.#created = missing[0] ?? this.#partial;
    // One by one: a recursive call never returns where the system says that a folder it has listed is not there.
    for (const folder of missing) mkdirSync(folder);
    return this.#partial;
  }

  /** The copy gets its name, in one step. */
  finish(): void {
    const empty = statSync(this.#target, { throwIfNoEntry: false });
    if (empty !== undefined) {
      chmodSync(this.#partial, empty.mode);
      // Elsewhere an empty folder is replaced.
      if (process.platform === 'win32') rmdirSync(this.#target);
    }
    renameSync(this.#partial, this.#target);
    this.#finished = true;
    for (let at = dirname(this.#target); ; at = dirname(at)) {
      flush(at);
      if (this.#created === null || !at.startsWith(this.#created)) return;
    }
  }

  /** Removes what was created, as far as no other program has put something there. */
  remove(): void {
    const begun = this.#finished ? this.#target : this.#partial;
    if (this.#created === null) return;
    if (existsSync(begun)) rmSync(begun, { recursive: true, maxRetries: 3 });
    for (let at = dirname(this.#partial); at.startsWith(this.#created); at = dirname(at)) {
      if (existsSync(at) && readdirSync(at).length > 0) return;
      rmSync(at, { recursive: true, force: true });
    }
  }

  end(): void {
    for (const signal of SIGNALS) process.off(signal, this.#stop);
  }
}

/** The folders of a path that do not exist, the highest one first. */
function missingFolders(path: string): readonly string[] {
  const above = dirname(path);
  return above === path || existsSync(path) ? [] : [...missingFolders(above), path];
}

await runAsMain(import.meta.url, backup);
