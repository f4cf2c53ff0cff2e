import { basename } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '../../../core/errors.ts';
import { type Finding, inspectFile } from './inspect-file.ts';
import type { Sight } from './watched-files.ts';

const PAUSE_MS = 1_000;
/** How often damage must be found before it is believed: a disk that errs may look like it. */
const FINDINGS = 2;

interface Inspection {
  readonly file: string;
  readonly look: () => Sight;
  readonly isClosed: () => boolean;
  /** Called while the result is not certain. */
  readonly onDoubt: (error: AppError) => void;
}

/** Inspects the file until the result is certain: what is damaged, or null where it is sound or the store was closed. */
export async function damageOf(inspection: Inspection): Promise<string | null> {
  const { file, isClosed, onDoubt } = inspection;
  let damaged = 0;
  while (!isClosed()) {
    const { kind, detail } = await findIn(inspection);
    if (kind === 'sound') return null;
    damaged = kind === 'damaged' ? damaged + 1 : 0;
    if (damaged === FINDINGS) return detail;
    const sentence = `${file} cannot be used now: ${detail}; it is being checked`;
    onDoubt(new AppError('unavailable', sentence, { retryAfterS: 1 }));
    await pause(PAUSE_MS, undefined, { ref: false });
  }
  return null;
}

/** What is found counts only if it was found in the files that are ours. */
async function findIn({ file, look }: Inspection): Promise<Finding> {
  const found = await inspectFile(file);
  try {
    const sight = look();
    return sight.kind === 'moved' ? { kind: 'unreadable', detail: sight.sentence } : found;
  } catch (error) {
    return { kind: 'unreadable', detail: error instanceof Error ? error.message : String(error) };
  }
}

/** `written`: the file that another program wrote; `file`: the database to be restored. */
export function overwrittenSentence(written: string, file: string): string {
  return `${written} was overwritten by another program while the store ran. ${restoreSentence(file)}`;
}

/** Also for a file that is found damaged at the start. */
export function damagedSentence(file: string, detail: string): string {
  return `${file} is damaged (${detail}). ${restoreSentence(file)}`;
}

function restoreSentence(file: string): string {
  const name = basename(file);
  return (
    `Stop the store, remove ${name}, ${name}-wal and ${name}-shm there, ` +
    `put the ${name} of a copy made by "npm run backup" in their place, and start the store`
  );
}
