/**
 * Runs a program for another one, which collects its output, and ends as it ends. When that other one is gone, however it ended,
 * the program and all that it has started are told to end, and after a while made to.
 *
 * This process leads the group in which all of them are. A signal to the group ends the program, and this process with it.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const KILL_MS = 5_000;
const isWindows = process.platform === 'win32';
const [program, ...args] = process.argv.slice(2);

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
const child = spawn(program, args, { stdio: 'inherit', shell: isWindows && program !== process.execPath });
child.once('error', (error) => {
  console.error(`${program} could not be started: ${error.message}`);
  process.exit(127);
});
child.once('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 0)));

// Its other end may be closed already.
if (process.channel === null) endAll();
process.once('disconnect', endAll);

function endAll() {
  signalAll('SIGTERM');
  setTimeout(() => signalAll('SIGKILL'), KILL_MS);
}

function signalAll(signal) {
  if (isWindows) child.kill(signal);
  else process.kill(-process.pid, signal);
}
