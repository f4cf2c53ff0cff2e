import { existsSync } from 'node:fs';
import { placeProblem } from '../../shared/adapters/embedded/store/place.ts';

const CODE = /^SQLITE_(?:READONLY|CANTOPEN|PERM)/;

/**
 * Why SQLite cannot read these databases although they are there: it writes beside what it reads, and may not.
 * @returns null for another error, and where nothing keeps this process from writing
 */
export function readOnlySentence(error: unknown, files: readonly string[]): string | null {
  if (!(error instanceof Error && 'code' in error && CODE.test(String(error.code)))) return null;
  const problem = files
    .filter((file) => existsSync(file))
    .map(placeProblem)
    .find((found) => found !== null);
  if (problem === undefined) return null;
  return `${problem?.sentence}, or use a copy of the data folder (SQLite writes beside what it reads)`;
}
