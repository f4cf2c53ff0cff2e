/** Runs once before the tests of faults: they need Linux and a C compiler. */
import { libraryForTests } from './disk-fault.ts';

/** @throws where CI is set and the library cannot be made: a test that CI does not run is not there */
export function setup(): void {
  if (libraryForTests() !== null) return;
  const text =
    '!!! NO FAULTS ARE TESTED: this machine is not Linux or has no C compiler (apt-get install gcc libc6-dev) !!!';
  if (process.env['CI'] !== undefined) throw new Error(text);
  console.error(`\n${text}\n`);
}
