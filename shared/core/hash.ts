import { hash } from 'node:crypto';

/** Twelve hexadecimal digits of the SHA-1 of a text. */
export function shortHash(text: string): string {
  return hash('sha1', text, 'hex').slice(0, 12);
}
