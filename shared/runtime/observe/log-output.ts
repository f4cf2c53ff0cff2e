import { constants, fstatSync, openSync, write, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/** Characters that wait for a reader that takes none at the moment; what comes beyond them is lost. */
const WAITING_MAX = 16 * 1024 * 1024;
const BUSY_MS = 20;
const FLUSH_MS_MAX = 1_000;
const BUSY = ['EAGAIN', 'EBUSY'];

const writeSome = promisify(write);

/**
 * Writes the log to a file descriptor, without blocking the caller. The work of the store does not depend on its log: lines that
 * cannot be written (a full disk, a reader that has gone) are lost, and the next ones are tried again.
 */
export class LogOutput {
  readonly #descriptor: number;
  readonly #onLost: (error: NodeJS.ErrnoException) => void;
  #waiting = '';
  #writing: Promise<void> | null = null;

  /** `onLost` is called each time that lines are lost. */
  constructor(descriptor: number, onLost: (error: NodeJS.ErrnoException) => void) {
    this.#descriptor = descriptor;
    this.#onLost = onLost;
    process.once('exit', () => this.#writeLast());
  }

  write(text: string): void {
    if (this.#waiting.length + text.length > WAITING_MAX) {
      this.#onLost(new Error('it is not read fast enough'));
      return;
    }
    this.#waiting += text;
    this.#writing ??= this.#writeAll();
  }

  /** Resolves when all is written or lost, and after a second where nothing reads it. To be awaited before the process ends. */
  async flush(): Promise<void> {
    await Promise.race([this.#writing, sleep(FLUSH_MS_MAX, undefined, { ref: false })]);
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting !== '') {
      const bytes = Buffer.from(this.#waiting);
      this.#waiting = '';
      await this.#writeBytes(bytes).catch(this.#onLost);
    }
    this.#writing = null;
  }

  async #writeBytes(bytes: Buffer): Promise<void> {
    let rest = bytes;
    while (rest.length > 0) {
      try {
        const { bytesWritten } = await writeSome(this.#descriptor, rest);
        rest = rest.subarray(bytesWritten);
      } catch (error) {
        if (!isBusy(error)) throw error;
        await sleep(BUSY_MS, undefined, { ref: false });
      }
    }
  }

  /** For an end that has awaited nothing. */
  #writeLast(): void {
    try {
      if (this.#waiting !== '') writeSync(this.#descriptor, this.#waiting);
    } catch {
      // There is no time left to try again.
    }
  }
}

/**
 * The pipe behind a descriptor, opened once more for writes that never block: the process could not end while one waits for a
 * reader that reads nothing. The descriptor itself where that is no pipe, or cannot be done.
 */
export function unblocked(descriptor: number): number {
  try {
    if (!fstatSync(descriptor).isFIFO()) return descriptor;
    return openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return descriptor;
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && BUSY.includes(String(error.code));
}
