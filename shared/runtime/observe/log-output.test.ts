import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { LogOutput, unblocked } from './log-output.ts';

const WAIT = { timeout: 30_000, interval: 5 };

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'saga-store-log-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

function opened(path: string, flags: string | number): number {
  const descriptor = openSync(path, flags);
  onTestFinished(() => closeSync(descriptor));
  return descriptor;
}

function outputTo(descriptor: number) {
  const lost: string[] = [];
  return { output: new LogOutput(descriptor, ({ code, message }) => lost.push(code ?? message)), lost };
}

describe('the output of the log', () => {
  it('writes lines in their order, also those that come while it writes', async () => {
    const file = join(folder(), 'log');
    const { output, lost } = outputTo(opened(file, 'w'));

    output.write('one\n');
    output.write('two\n');
    await Promise.resolve();
    output.write('drei: ü\n');
    await output.flush();
    output.write('four\n');
    await output.flush();

    expect({ text: readFileSync(file, 'utf8'), lost }).toEqual({ text: 'one\ntwo\ndrei: ü\nfour\n', lost: [] });
  });

  it.runIf(process.platform === 'linux')('tells of each loss on a full disk, and goes on', async () => {
    const { output, lost } = outputTo(opened('/dev/full', 'w'));

    for (const line of ['one\n', 'two\n']) {
      output.write(line);
      await output.flush();
    }

    expect(lost).toEqual(['ENOSPC', 'ENOSPC']);
  });

  it.runIf(process.platform === 'linux')('waits for a slow reader, and keeps no more than a limit', async () => {
    const pipe = join(folder(), 'pipe');
    spawnSync('mkfifo', [pipe]);
    const descriptor = opened(pipe, constants.O_RDWR | constants.O_NONBLOCK);
    const filled = fill(descriptor);
    const { output, lost } = outputTo(descriptor);

    output.write('first\n');
    for (let n = 0; n < 20; n++) output.write(`${'x'.repeat(999_999)}\n`);
    let text = '';
    await vi.waitFor(() => {
      output.write('last\n');
      text += drained(descriptor);
      expect(text.endsWith('last\n')).toBe(true);
    }, WAIT);

    expect(text.slice(filled)).toMatch(/^first\n(?:x+\n){16}(?:last\n)+$/);
    expect(lost).toEqual(Array(4).fill('it is not read fast enough'));
  });
});

describe('a descriptor for writes that do not block', () => {
  it.runIf(process.platform === 'linux')('is another one of the same pipe', () => {
    const pipe = join(folder(), 'pipe');
    spawnSync('mkfifo', [pipe]);
    const reader = opened(pipe, constants.O_RDWR | constants.O_NONBLOCK);

    const own = unblocked(opened(pipe, constants.O_WRONLY));
    onTestFinished(() => closeSync(own));
    const filled = fill(own);

    expect(() => writeSync(own, '.')).toThrow('EAGAIN');
    expect(drained(reader)).toBe('.'.repeat(filled));
  });

  it.runIf(process.platform === 'linux')('is the same one where no reader is left', () => {
    const pipe = join(folder(), 'pipe');
    spawnSync('mkfifo', [pipe]);
    const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    const descriptor = opened(pipe, constants.O_WRONLY);
    closeSync(reader);

    expect(unblocked(descriptor)).toBe(descriptor);
  });

  it('is the same one of a file', () => {
    const descriptor = opened(join(folder(), 'log'), 'w');

    expect(unblocked(descriptor)).toBe(descriptor);
  });
});

/** @returns how many bytes the pipe takes */
function fill(descriptor: number): number {
  for (let count = 0; ; ) {
    try {
      count += writeSync(descriptor, '.'.repeat(4_096));
    } catch {
      return count;
    }
  }
}

function drained(descriptor: number): string {
  const buffer = Buffer.alloc(1024 * 1024);
  try {
    return buffer.toString('utf8', 0, readSync(descriptor, buffer));
  } catch {
    return '';
  }
}
