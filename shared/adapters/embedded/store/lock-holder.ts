import { readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** The process that holds a lock, as it has noted it. */
interface Holder {
  readonly pid: number;
  /** When it was started, as the system counts it: another process may get its number. Null where that is unknown. */
  readonly started: string | null;
  readonly host: string;
  /** Where its number means something: a machine since it was booted, or a container. */
  readonly space: string;
}

/** Beside the lock, and not in it: a process that closes a file releases the locks that it has on it. */
const noteOf = (lock: string) => `${lock}.pid`;

/** Notes that this process holds a lock, for the message of the one that does not get it. */
export function noteHolder(lock: string): void {
  const { pid } = process;
  const note: Holder = { pid, started: startOf(pid), host: hostname(), space: ownSpace() };
  try {
    writeFileSync(noteOf(lock), `${JSON.stringify(note)}\n`);
  } catch {
    // The lock holds without it.
  }
}

export function forgetHolder(lock: string): void {
  try {
    rmSync(noteOf(lock), { force: true });
  } catch {
    // A note without a lock is not read.
  }
}

/** Who holds a lock that is taken, as the start of a sentence, and what to do about it. */
export function describeHolder(lock: string): { readonly subject: string; readonly advice: string } {
  const holder = readHolder(lock);
  if (holder === null) return { subject: 'a process', advice: `stop it first; ${showCommand(lock)} shows it` };
  const { pid, started, host, space } = holder;
  if (space !== ownSpace()) {
    return {
      subject: `process ${pid} on ${host}, which is another machine or container,`,
      advice: 'stop it there first',
    };
  }
  if (pid === process.pid) return { subject: `process ${pid}`, advice: 'stop it first' };
  const state = stateOf(pid);
  if (state === 'ended' || (started !== null && startOf(pid) !== started)) {
    const subject = `a process (process ${pid}, which held it before, has ended)`;
    return { subject, advice: `stop it first; ${showCommand(lock)} shows it` };
  }
  if (state === 'frozen') {
    const advice = `let it go on (kill -CONT ${pid}) or end it (kill -KILL ${pid}) first`;
    return { subject: `process ${pid}, which is frozen,`, advice };
  }
  const owner = state === 'of another user' ? ', of another user,' : '';
  return { subject: `process ${pid}${owner}`, advice: `stop it first: ${stopCommand(pid)}` };
}

/** Null where there is no note, or none that can be read. */
function readHolder(lock: string): Holder | null {
  try {
    const note: unknown = JSON.parse(readFileSync(noteOf(lock), 'utf8'));
    if (typeof note !== 'object' || note === null || !('pid' in note)) return null;
    const { pid, started = null, host = '', space = '' } = note as Partial<Holder>;
    return typeof pid === 'number' && pid > 0 ? { pid, started, host, space } : null;
  } catch {
    return null;
  }
}

/** A name of the machine or container that no other one has; process numbers are unique in it. */
function ownSpace(): string {
  if (process.platform !== 'linux') return hostname();
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

function stateOf(pid: number): 'alive' | 'of another user' | 'frozen' | 'ended' {
  const [state] = statFieldsOf(pid);
  if (state === 'Z') return 'ended';
  if (state === 'T' || state === 't') return 'frozen';
  try {
    process.kill(pid, 0);
    return 'alive';
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM' ? 'of another user' : 'ended';
  }
}

/** In ticks since the system was booted; null on systems that do not tell. */
function startOf(pid: number): string | null {
  return statFieldsOf(pid)[19] ?? null;
}

/** What Linux says of a process, from its state on; empty elsewhere. */
function statFieldsOf(pid: number): readonly string[] {
  try {
    // The name before it is in parentheses, and may contain anything.
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
  } catch {
    return [];
  }
}

function stopCommand(pid: number): string {
  return process.platform === 'win32' ? `taskkill /PID ${pid}` : `kill ${pid}`;
}

function showCommand(lock: string): string {
  return process.platform === 'win32' ? 'the Resource Monitor' : `"fuser ${lock}"`;
}
