/**
 * Starts a program and ends as it ends.
 *
 * Ctrl-C reaches every process of the terminal's group, and npm sends the same signal once more. A program that takes a
 * second signal as "end at once" would never end cleanly. So it gets a group of its own, and each signal once.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** The same signal again within this time is the same key press. */
const SAME_SIGNAL_MS = 500;
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const isWindows = process.platform === 'win32';

/**
 * Runs `command` to its end.
 *
 * @param {readonly string[]} command the program and its arguments; `node` is the Node that runs this file
 * @param {{ cwd: string, env: NodeJS.ProcessEnv, onOutput?: (text: string) => void }} options with `onOutput` the
 *   program's output goes there, it has no input, and signals go to all that it started
 * @returns {Promise<number>} its exit code, 128 + n where signal n ended it, 127 where it could not be started
 */
export function run([program, ...args], { cwd, env, onOutput }) {
  const isCaptured = onOutput !== undefined;
  const child = spawn(program === 'node' ? process.execPath : program, args, {
    cwd,
    env,
    stdio: isCaptured ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    detached: !isWindows,
    shell: isWindows && program !== 'node',
  });
  child.stdout?.on('data', (chunk) => onOutput?.(String(chunk)));
  child.stderr?.on('data', (chunk) => onOutput?.(String(chunk)));
  const stopForwarding = forwardSignals(child, isCaptured);

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

function forwardSignals(child, toGroup) {
  const lastMs = new Map();
  const forward = (signal) => {
    const nowMs = performance.now();
    const isRepeat = nowMs - (lastMs.get(signal) ?? Number.NEGATIVE_INFINITY) < SAME_SIGNAL_MS;
    lastMs.set(signal, nowMs);
    if (isRepeat || child.pid === undefined) return;
    if (toGroup && !isWindows) process.kill(-child.pid, signal);
    else child.kill(signal);
  };
  for (const signal of FORWARDED) process.on(signal, forward);
  return () => {
    for (const signal of FORWARDED) process.off(signal, forward);
  };
}
