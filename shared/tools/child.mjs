/**
 * Starts a program and ends as it ends.
 *
 * Ctrl-C reaches every process of the terminal's group, and npm sends the same signal once more. A program that takes a
 * second signal as "end at once" would never end cleanly. So it gets a group of its own, and each signal once.
 *
 * A group of its own outlives what started it, so it is told to end when the package manager is gone, and has a channel
 * that closes when this process is. A program that knows of no channel is run by one that does.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { isManaged, watchStarter } from './starter.mjs';

/** The same signal again within this time is the same key press. */
const SAME_SIGNAL_MS = 500;
/** On a busy machine the package manager sends it on later than that, once. */
const SENT_ON_MS = 2_000;
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const isWindows = process.platform === 'win32';
const CAPTIVE = fileURLToPath(new URL('captive.mjs', import.meta.url));

/**
 * Runs `command` to its end.
 *
 * @param {readonly string[]} command the program and its arguments; `node` is the Node that runs this file
 * @param {{ cwd: string, env: NodeJS.ProcessEnv, onOutput?: (text: string) => void, onSignal?: () => void,
 *   hasChannel?: boolean }} options with `onOutput` the program's output goes there, and it has no input; `onSignal` is called
 *   when the program is told to end; `hasChannel`: it notices by its channel that this process is gone, and hands signals on to
 *   what it has started; others need neither
 * @returns {Promise<number>} its exit code, 128 + n where signal n ended it, 127 where it could not be started
 */
export function run([program, ...args], { cwd, env, onOutput, onSignal = () => undefined, hasChannel = false }) {
  const isCaptured = onOutput !== undefined;
  const line = [program === 'node' ? process.execPath : program, ...args];
  const [file, ...rest] = hasChannel ? line : [process.execPath, CAPTIVE, ...line];
  const child = spawn(file, rest, {
    cwd,
    env,
    stdio: isCaptured ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['inherit', 'inherit', 'inherit', 'ipc'],
    detached: !isWindows,
  });
  child.stdout?.on('data', (chunk) => onOutput?.(String(chunk)));
  child.stderr?.on('data', (chunk) => onOutput?.(String(chunk)));
  const stopForwarding = forwardSignals(child, { toGroup: !hasChannel, onSignal });

  return new Promise((resolve) => {
    const end = (/** @type {number} */ code) => {
      stopForwarding();
      resolve(code);
    };
    child.once('error', (error) => {
      console.error(`${program} could not be started: ${error.message}`);
      end(127);
    });
    child.once('close', (code, signal) => end(code ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 0)));
  });
}

function forwardSignals(child, { toGroup, onSignal }) {
  const last = new Map();
  const forward = (signal) => {
    const nowMs = performance.now();
    const before = last.get(signal) ?? { ms: Number.NEGATIVE_INFINITY, isRepeat: true };
    const sinceMs = nowMs - before.ms;
    const isRepeat = sinceMs < SAME_SIGNAL_MS || (isManaged && !before.isRepeat && sinceMs < SENT_ON_MS);
    last.set(signal, { ms: nowMs, isRepeat });
    if (isRepeat || child.pid === undefined) return;
    onSignal();
    if (toGroup && !isWindows) signalGroup(child.pid, signal);
    else child.kill(signal);
  };
  for (const signal of FORWARDED) process.on(signal, forward);
  // The signal that ended the package manager may have come here as well; a second one would end the program at once.
  const stopWatching = watchStarter(() => last.size === 0 && forward('SIGTERM'));
  return () => {
    stopWatching();
    for (const signal of FORWARDED) process.off(signal, forward);
  };
}

/** Its last process may have ended by now. */
function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}
