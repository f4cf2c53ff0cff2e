import { InvariantError } from './assert.ts';

/**
 * Text that can be kept as it came: every surrogate has its partner, and there is no U+0000. UTF-8 has no form for a lone
 * surrogate, so a hash or a file would hold U+FFFD in its place, and two texts would become one.
 */
export function isWellFormed(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

/** What is hashed as UTF-8 comes through here. @throws {InvariantError} for half of a surrogate pair. */
export function assertWellFormed(text: string): void {
  if (!text.isWellFormed()) throw new InvariantError(`${JSON.stringify(text)} cannot be hashed: it is no Unicode text`);
}

/** Also strips a byte order mark, which RFC 8259 (8.1) lets a parser ignore. */
const decoder = new TextDecoder('utf-8', { fatal: true });

/** The text in these bytes, without a byte order mark; null where they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

/**
 * What a text becomes where something has decoded it and put U+FFFD in the place of bytes that were not UTF-8, as Node does with
 * arguments and environment variables. The bytes are lost, so a text that holds U+FFFD itself is taken for one as well.
 */
export function wasReplaced(text: string): boolean {
  return text.includes('\uFFFD') || !isWellFormed(text);
}

/** Where bytes stop being UTF-8, for a message: the first byte that cannot follow those before it, or the end. */
export function firstIllFormed(bytes: Uint8Array): number {
  let low = 0;
  let high = bytes.length;
  const stream = (end: number) => {
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, end), { stream: true });
      return true;
    } catch {
      return false;
    }
  };
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (stream(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}
