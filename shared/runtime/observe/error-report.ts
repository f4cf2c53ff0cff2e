import { shortHash } from '../../core/hash.ts';

/** The root of the tree that this file is compiled into. */
const OURS = new URL('../../../', import.meta.url).href;

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
  const frames = error instanceof Error ? (error.stack ?? '').split('\n') : [];
  const ours = frames.find((frame) => frame.includes(OURS) && !frame.includes('node_modules'));
  return ours === undefined ? '' : ours.replace(/:\d+:\d+\)?$/, '').trim();
}
