import { shortHash } from '../../core/hash.ts';

/** A frame, up to its line and column. */
const FRAME = /^ {4}at (.*):\d+:\d+\)?$/;

/** An error as one text, with its stack if it has one. */
export function describeError(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/**
 * A short hash that is the same for failures of one kind at one place. It covers the function, the class of the error
 * and the first frame of the project's own code, without its line number, so that unrelated changes of the file do not
 * change it.
 */
export function failureFingerprint(name: string, error: unknown): string {
  const kind = error instanceof Error ? error.name : typeof error;
  return shortHash(`${name} ${kind} ${firstFrame(error)}`);
}

function firstFrame(error: unknown): string {
  const lines = error instanceof Error ? (error.stack ?? '').split('\n') : [];
  const frames = lines.flatMap((line) => FRAME.exec(line)?.[1] ?? []);
  return frames.find((frame) => !/node:|node_modules/.test(frame)) ?? '';
}
