import { foreignText } from './foreign-text.ts';

/** Figures and names in sentences. */

/** A count with its thousands told apart: `1,640`. */
export function figure(count: number): string {
  return count.toLocaleString('en-US');
}

/** A count and its noun: `1 message`, `3 messages`. */
export function counted(count: number, noun: string): string {
  return `${figure(count)} ${count === 1 ? noun : `${noun}s`}`;
}

const list = new Intl.ListFormat('en-GB');

/** Names in a sentence: `order`, `order and inventory`, `order, inventory and notification`. */
export function listed(names: readonly string[]): string {
  return list.format(names.map((name) => foreignText(name, { max: 64 })));
}

/** Which functions do not answer; `names` holds at least one. */
export function awayText(names: readonly string[]): string {
  return `${listed(names)} ${names.length === 1 ? 'does' : 'do'} not answer`;
}
