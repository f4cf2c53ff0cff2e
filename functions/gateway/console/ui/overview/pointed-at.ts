import { type ReadonlySignal, signal } from '@preact/signals';

/** What has been changed is pointed at for this long. */
export const MARKED_MS = 4_000;

const names = signal<readonly string[]>([]);
let marking: ReturnType<typeof setTimeout> | null = null;

/** The functions that the reader is about to change, or has changed: the map shows where. */
export const pointedAt: ReadonlySignal<readonly string[]> = names;

/** Points at functions, until another call. */
export function point(at: readonly string[]): void {
  if (marking !== null) clearTimeout(marking);
  marking = null;
  names.value = at;
}

/** Points at what has just been changed, for a while. */
export function mark(changed: readonly string[]): void {
  point(changed);
  marking = setTimeout(() => point([]), MARKED_MS);
}

/** The pointer has left the buttons: what was changed stays marked. */
export function leave(): void {
  if (marking === null) point([]);
}
