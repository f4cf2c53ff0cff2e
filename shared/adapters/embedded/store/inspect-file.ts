import { execFile, spawnSync } from 'node:child_process';
import type { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import type Database from 'better-sqlite3';

/** What was found in a database file. `unreadable`: the disk does not let it be read, so nothing is known. */
export interface Finding {
  readonly kind: 'sound' | 'unreadable' | 'damaged';
  readonly detail: string;
}

/** Beyond it the file is too large to be checked, and nothing is known. */
const TIMEOUT_MS = 600_000;

/**
 * Reads the whole file, then checks its structure over a connection of its own. In a process of its own: a large file
 * would block this thread, a connection of this process may have cached what a failed read returned, and closing a file
 * here would release SQLite's locks on it.
 */
export function inspectFile(file: string): Promise<Finding> {
  return new Promise((done) => {
    const [program, args] = commandFor(file);
    execFile(program, args, { timeout: TIMEOUT_MS }, (error, stdout) => done(findingOf(stdout, error)));
  });
}

/** Like {@link inspectFile}, for a start, where there is nothing else to do. */
export function inspectFileNow(file: string): Finding {
  const [program, args] = commandFor(file);
  const { stdout, error } = spawnSync(program, args, { timeout: TIMEOUT_MS, encoding: 'utf8' });
  return findingOf(stdout ?? '', error ?? null);
}

function commandFor(file: string): readonly [program: string, args: readonly string[]] {
  const sqlite = createRequire(import.meta.url).resolve('better-sqlite3');
  const modules = `require('node:fs'), require(${JSON.stringify(sqlite)})`;
  const program = `console.log(JSON.stringify((${inspect})(${modules}, ${JSON.stringify(file)})))`;
  return [process.execPath, ['-e', program]];
}

function findingOf(stdout: string, error: Error | null): Finding {
  try {
    return JSON.parse(stdout) as Finding;
  } catch {
    return { kind: 'unreadable', detail: error?.message ?? 'the check of the file ended without a result' };
  }
}

interface Files {
  readonly openSync: typeof openSync;
  readonly existsSync: typeof existsSync;
  readonly fstatSync: typeof fstatSync;
  readonly readSync: typeof readSync;
  readonly closeSync: typeof closeSync;
}

/**
 * Runs in the other process, as text: it may use its parameters alone. SQLite calls a schema malformed that it cannot read, so damage
 * counts only where it is found again and again, and all can be read before and after.
 */
function inspect(fs: Files, Sqlite: typeof Database, file: string): Finding {
  const textOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
  // In the pieces that SQLite reads: a disk that errs now and then errs here, too.
  const bytesOf = (path: string) => {
    const descriptor = fs.openSync(path, 'r');
    try {
      const { size } = fs.fstatSync(descriptor);
      const page = Buffer.alloc(4_096);
      let bytes = 0;
      for (let read = -1; read !== 0; bytes += read) read = fs.readSync(descriptor, page);
      if (bytes < size) throw new Error('a read ended early');
      return bytes;
    } finally {
      fs.closeSync(descriptor);
    }
  };
  const unread = (): Finding | null => {
    try {
      if (fs.existsSync(`${file}-wal`)) bytesOf(`${file}-wal`);
      // SQLite takes an empty file for a new database, and would remove its write-ahead log.
      return bytesOf(file) === 0 ? { kind: 'damaged', detail: 'the file is empty' } : null;
    } catch (error) {
      return { kind: 'unreadable', detail: textOf(error) };
    }
  };
  const check = (): Finding => {
    try {
      const db = new Sqlite(file, { readonly: true, timeout: 1_000 });
      const text = String(db.pragma('quick_check(1)', { simple: true }));
      const result = text.replace(/^\*\*\* .* \*\*\*\s*/, '').replace(/\s+/g, ' ');
      db.close();
      // A page that the disk did not return is named with the error; the base code of an input or output error is 10.
      const [, code] = /error code[= ](\d+)/.exec(result) ?? [];
      if (code !== undefined && Number(code) % 256 !== 11) return { kind: 'unreadable', detail: result };
      return result === 'ok' ? { kind: 'sound', detail: result } : { kind: 'damaged', detail: result };
    } catch (error) {
      const code = String((error as { readonly code?: unknown }).code);
      const isDamage = code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB';
      return { kind: isDamage ? 'damaged' : 'unreadable', detail: textOf(error) };
    }
  };
  let found = unread() ?? check();
  for (let again = 0; found.kind === 'damaged' && again < 2; again += 1) found = unread() ?? check();
  return found.kind === 'damaged' ? (unread() ?? found) : found;
}
