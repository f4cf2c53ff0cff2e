/**
 * Notices that the package manager is gone that runs a command: `kill -9` of npm reaches nothing that npm has started.
 *
 * What is above the package manager does not count: a shell that ran `nohup npm start &` may end. A command that no package
 * manager runs is watched by its caller alone.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

const LOOK_MS = 500;
/** Package managers and their shells above a command: npm, its shell, `npx yarn` around it. */
const LINKS_MAX = 8;
const MANAGER = /^(?:npm|npx|pnpm|pnpx|yarn|yarnpkg|corepack)(?:-cli|-\d[\w.-]*)?(?:\.[cm]?js)?$/;
const SHELL = /^(?:sh|bash|dash|ash|zsh|busybox)$/;

/** As this process began: later a link may be gone, and what is above it then is none of ours. */
const links = chainOf(process.ppid, processAt);
/** Whether a package manager runs this process: it sends on each SIGINT and SIGTERM that it gets, also one that came here as well. */
export const isManaged = links.length > 0;
const script = scriptOf(process.env, process.argv);
const isLate =
  links.length === 0 && script !== null && isOrphan(process.ppid, processAt, { script, session: ownSession() });

/**
 * Calls `onGone` once, when one of the processes is gone over which the package manager runs this one; at once where it was
 * gone before this process could look.
 *
 * @param {() => void} onGone
 * @returns {() => void} ends the watch
 */
export function watchStarter(onGone) {
  if (isLate) onGone();
  if (links.length === 0) return () => undefined;
  const timer = setInterval(() => {
    if (isWhole(links)) return;
    clearInterval(timer);
    onGone();
  }, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/**
 * The processes from `pid` upwards to the outermost package manager, as far as only package managers and their shells are
 * between; empty where there is none.
 *
 * @param {number} pid
 * @param {(pid: number) => { parent: number, words: readonly string[] } | null} look
 * @returns {readonly number[]}
 */
export function chainOf(pid, look) {
  const links = [];
  let shells = [];
  for (let at = pid, count = 0; at > 1 && count < LINKS_MAX; count += 1) {
    const found = look(at);
    if (found === null) break;
    if (isShell(found.words)) shells.push(at);
    else if (isManager(found.words)) {
      links.push(...shells, at);
      shells = [];
    } else break;
    at = found.parent;
  }
  return links;
}

/**
 * Whether a process that a package manager has started has lost it: above its shells is what takes orphans, the first process
 * or one of another session. A first process that names the script is the package manager, or goes down with it.
 *
 * @param {number} pid
 * @param {(pid: number) => { parent: number, session?: string, words: readonly string[] } | null} look
 * @param {{ script: string, session?: string }} own the script that the package manager runs, and the session of this process
 */
export function isOrphan(pid, look, { script, session }) {
  for (let at = pid, count = 0; count < LINKS_MAX; count += 1) {
    const found = look(at);
    if (found === null) return true;
    if (at === 1) return !found.words.includes(script);
    if (!isShell(found.words)) return found.session !== session;
    at = found.parent;
  }
  return false;
}

/** The script of package.json as which a package manager runs this process, null where it is none: a test may run it, too. */
function scriptOf({ npm_lifecycle_event: name = '' }, [, , command]) {
  if (process.platform === 'win32') return null;
  const manifest = fileURLToPath(new URL('../../package.json', import.meta.url));
  const { scripts } = JSON.parse(readFileSync(manifest, 'utf8'));
  const isIt = Object.hasOwn(scripts, name) && scripts[name].includes(`shared/tools/run.mjs ${command}`);
  return isIt ? name : null;
}

function ownSession() {
  return processAt(process.pid)?.session;
}

/** A shell that runs one command, as a package manager starts it; an interactive one has no `-c`. */
function isShell([program = '', ...args]) {
  return SHELL.test(basename(program)) && args.some((arg) => /^-[a-z]*c$/.test(arg));
}

/** `npm start`, as npm calls its process, or `node …/npm-cli.js start`. */
function isManager([program = '', ...args]) {
  const name = basename(program);
  if (name !== 'node' && name !== 'nodejs') return MANAGER.test(name);
  return MANAGER.test(basename(args.find((arg) => !arg.startsWith('-')) ?? ''));
}

function isWhole(links) {
  if (process.ppid !== links[0]) return false;
  return links.every((pid, n) => {
    const above = links[n + 1];
    if (above === undefined) return true;
    return process.platform === 'linux' ? statOf(pid)?.parent === above : isAlive(above);
  });
}

/**
 * A process, with its command line as words; null where it has ended, or ends: its children may be its own for some
 * milliseconds more, or it may be a zombie.
 *
 * @param {number} pid
 * @returns {{ parent: number, session?: string, words: readonly string[] } | null}
 */
export function processAt(pid) {
  if (process.platform === 'linux') return statOf(pid);
  // There is no shell between that could be told apart; npm names itself in the environment.
  if (process.platform === 'win32') return null;
  const { stdout } = spawnSync('ps', ['-o', 'ppid=,command=', '-p', String(pid)], { encoding: 'utf8' });
  const [parent, ...words] = (stdout ?? '').trim().split(/\s+/);
  return words.length === 0 ? null : { parent: Number(parent), words };
}

function statOf(pid) {
  try {
    // The second field is the name in parentheses, which may contain anything.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, '').trim().split(' ');
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      .split(/[\0 ]+/)
      .filter(Boolean);
    // What ends has given its memory back first, and its command line with it.
    return words.length === 0 ? null : { parent: Number(fields[1]), session: fields[3], words };
  } catch {
    return null;
  }
}

/** Whether there is such a process, also one of another user. */
export function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
