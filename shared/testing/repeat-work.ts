/** Set-up of the project `repeated`: every store of a test runs its work twice. */
import { SqliteStore } from '../adapters/embedded/store/sqlite-store.ts';
import { repeatedWork } from './repeated-work.ts';

const { transact } = SqliteStore.prototype;

SqliteStore.prototype.transact = function (unit, work) {
  return repeatedWork((...args) => transact.apply(this, args) as never)(unit, work);
};
