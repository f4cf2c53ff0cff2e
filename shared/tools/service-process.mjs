/**
 * Processes of servers that stand beside the store: started, frozen, stopped, and found again by a record beside their data.
 *
 * The number of a process that has ended is given to another one some day. So a process counts as the one that was started
 * only while its command line names a file of its own, and no other process gets a signal.
 */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parsed, takeNote, textOf, writerOf } from './process-note.mjs';

const RECORD = 'service.json';
const STARTER = 'starter.json';
const POLL_MS = 50;
const STOP_MS = 30_000;
/** Below the ephemeral ports, above those that tests give to the store: an outgoing connection takes none of them. */
const PORTS = { first: 30_000, count: 2_700 };
const PORT_TRIES = 100;
/** Ports that were given out: their programs may not listen yet. */
const given = new Set();

/** What can be expected to go wrong; the message is a sentence for a person. */
export class ServiceError extends Error {}

/**
 * Starts a program that ends with this process, until `outlive()` is called; its output replaces `logFile`.
 *
 * @param {readonly string[]} command the program and its arguments, `mark` among them
 * @param {{ cwd: string, logFile: string, mark: string }} options `mark`: the path of a file that only this process names
 */
export function startProcess([program, ...args], { cwd, logFile, mark }) {
  const log = openSync(logFile, 'w');
  const child = spawn(program, args, { cwd, detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  child.once('error', () => undefined);
  if (child.pid === undefined) throw new ServiceError(`${program} could not be started.`);
  child.unref();
  const service = processOf(child.pid, mark);
  const endWithUs = () => service.isAlive() && process.kill(service.pid, 'SIGKILL');
  process.once('exit', endWithUs);
  return { ...service, outlive: () => void process.off('exit', endWithUs) };
}

/**
 * A process that may have ended by now: then signals go nowhere.
 *
 * @param {number} pid
 * @param {string} mark what its command line names
 */
export function processOf(pid, mark) {
  const isAlive = () => commandLineOf(pid).includes(mark);
  const send = (signal) => isAlive() && process.kill(pid, signal);
  const isGone = async (timeoutMs) => {
    const deadlineMs = performance.now() + timeoutMs;
    while (isAlive() && performance.now() < deadlineMs) await wait(POLL_MS);
    return !isAlive();
  };
  const kill = async () => {
    send('SIGKILL');
    await isGone(STOP_MS);
  };
  return {
    pid,
    isAlive,
    kill,
    pause: () => void send('SIGSTOP'),
    resume: () => void send('SIGCONT'),
    /** Ends it in order, and by force where that takes longer than {@link STOP_MS}. */
    stop: async () => {
      send('SIGCONT');
      send('SIGTERM');
      if (!(await isGone(STOP_MS))) await kill();
    },
  };
}

/** The command line of a process; empty where there is none, or it has ended and waits for its parent. */
function commandLineOf(pid) {
  if (process.platform !== 'linux') {
    return spawnSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? '';
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/**
 * Does `work` while no other process starts a server on the data of a folder.
 *
 * @throws {ServiceError} where another one does
 */
export async function asOnlyStarter(dataDir, work) {
  const file = join(dataDir, STARTER);
  for (;;) {
    const starter = writerOf(file);
    if (starter !== null) {
      throw new ServiceError(`${capital(starter)} starts a server on ${dataDir} already: wait for it.`);
    }
    if (takeNote(file)) break;
  }
  const release = () => rmSync(file, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Notes which process serves the data of a folder, and on which port. */
export function writeRecord(dataDir, { pid, port }) {
  writeFileSync(join(dataDir, RECORD), `${JSON.stringify({ pid, port })}\n`);
}

export function removeRecord(dataDir) {
  rmSync(join(dataDir, RECORD), { force: true });
}

/** @returns {{ pid: number, port: number } | null} what was noted last; null where there is nothing, or only half of it */
export function readRecord(dataDir) {
  const { pid, port } = parsed(textOf(join(dataDir, RECORD)) ?? '') ?? {};
  return Number.isInteger(pid) && pid > 1 && Number.isInteger(port) ? { pid, port } : null;
}

/** @returns {Promise<number>} a port of this machine on which no program listens; this process gets each once */
export async function freePort() {
  for (let tries = 0; tries < PORT_TRIES; tries += 1) {
    const port = PORTS.first + Math.floor(Math.random() * PORTS.count);
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
  throw new ServiceError(`No free port was found between ${PORTS.first} and ${PORTS.first + PORTS.count}.`);
}

/** What to say where {@link isFree} says no. */
export function portTaken(port) {
  return new ServiceError(`Another program listens on port ${port}: stop it, or choose another port.`);
}

/** @returns {Promise<boolean>} whether no program listens there */
export function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
