/** Figures in sentences. */

/** A count with its thousands told apart: `1,640`. */
export function figure(count: number): string {
  return count.toLocaleString('en-US');
}

/** A count and its noun: `1 message`, `3 messages`. */
export function counted(count: number, noun: string): string {
  return `${figure(count)} ${count === 1 ? noun : `${noun}s`}`;
}
