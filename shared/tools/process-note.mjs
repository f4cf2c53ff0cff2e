/**
 * Notes in files about which process does something. The number of a process that has ended is given to another one some day,
 * so a note holds when it was started, too.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { isAlive } from './starter.mjs';

/** A note that has been empty for longer was never finished. */
const EMPTY_MS = 5_000;

/** A note about this process. */
export function ownNote() {
  return JSON.stringify({ pid: process.pid, started: startOf(process.pid) });
}

/** @returns {boolean} whether this process has written its note; false where there is one */
export function takeNote(file) {
  try {
    writeFileSync(file, ownNote(), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    // A disk that is full leaves an empty file.
    rmSync(file, { force: true });
    throw error;
  }
}

/**
 * Who has written a note and lives. Where no one does, the file is removed.
 *
 * @returns {string | null} some words for a sentence
 */
export function writerOf(file) {
  const note = textOf(file);
  if (note === null) return null;
  const value = parsed(note) ?? {};
  // The number alone is the note of a former release.
  const { pid, started = '' } = typeof value === 'number' ? { pid: value } : value;
  if (Number.isInteger(pid) && pid > 0 && isSame(pid, started)) return `process ${pid}`;
  if (note === '' && Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) < EMPTY_MS) {
    return 'another process';
  }
  rmSync(file, { force: true });
  return null;
}

/** The value of a JSON text; null where it is none. */
export function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** @returns {string | null} what a file holds; null where there is none */
export function textOf(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}

function isSame(pid, started) {
  const now = startOf(pid);
  return now === '' || started === '' ? isAlive(pid) : now === started;
}

/** When a process was started, as a text that no other one with its number has; empty where the system does not tell. */
function startOf(pid) {
  if (process.platform !== 'linux') {
    return (spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? '').trim();
  }
  try {
    // The name before it is in parentheses, and may contain anything.
    const [state, ...fields] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return state === 'Z' ? 'ended' : `${boot} ${fields[18]}`;
  } catch {
    return '';
  }
}
