import Database from 'better-sqlite3';
import { AppError } from '../../core/errors.ts';

/**
 * Opens a database file.
 * @throws {AppError} when the native part of better-sqlite3 cannot be loaded, or the folder of the file is missing;
 * {@link Database.SqliteError} when SQLite cannot open it.
 */
export function connect(file: string, options: Database.Options): Database.Database {
  try {
    return new Database(file, options);
  } catch (error) {
    throw openError(error, file);
  }
}

function openError(error: unknown, file: string): unknown {
  if (!(error instanceof Error) || error instanceof Database.SqliteError) return error;
  const sentence = bindingSentence(error);
  if (sentence !== null) return new AppError('unavailable', sentence, { cause: error });
  const isFolderMissing = error instanceof TypeError && error.message.includes('directory does not exist');
  return isFolderMissing ? new AppError('unavailable', `the folder of ${file} does not exist`) : error;
}

/** Why the native part of better-sqlite3 cannot be loaded, and what to do; null for any other error. */
function bindingSentence(error: Error): string | null {
  const code = 'code' in error ? error.code : undefined;
  const isMissing = error.message.startsWith('Could not locate the bindings file');
  if (code !== 'ERR_DLOPEN_FAILED' && !isMissing) return null;
  const node = `Node ${process.versions.node} (ABI ${process.versions.modules}, ${process.arch}, ${process.execPath})`;
  const advice = '"npm start" compiles it for the Node that it runs with, "npm rebuild better-sqlite3" does that alone';
  if (isMissing) return `the native part of better-sqlite3 is missing, so no database can be opened. ${advice}`;
  const [, abi] = /NODE_MODULE_VERSION (\d+)\. This version/.exec(error.message) ?? [];
  if (abi !== undefined)
    return `better-sqlite3 was compiled for another Node (ABI ${abi}) than this ${node}. ${advice}`;
  const [why] = error.message.split('\n');
  return `the native part of better-sqlite3 cannot be loaded by this ${node}: ${why}. ${advice}`;
}
