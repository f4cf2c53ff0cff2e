/**
 * Loaded before the store (`--import`), it makes the store write with `synchronous = NORMAL` and believe that it is FULL.
 * A power cut then loses acknowledged orders, and the tests of cuts have to find that.
 */
import Database from 'better-sqlite3';

const FULL = 2;
const { pragma } = Database.prototype;

Database.prototype.pragma = function (source, options) {
  if (source === 'synchronous') return FULL;
  return pragma.call(this, source.replace(/^synchronous\s*=\s*FULL$/, 'synchronous = NORMAL'), options);
};
