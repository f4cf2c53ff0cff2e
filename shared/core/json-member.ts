const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Where the value of a member lies in a JSON text: from its first character to the one behind its last. */
export interface MemberSpan {
  readonly start: number;
  readonly end: number;
}

/**
 * Where the values of an object's own members with this name lie in its text, so that they can be taken out as they were
 * written; a parser alters numbers and loses members that are there twice. For a text that is no JSON object the result says
 * nothing, but there is one.
 */
export function membersIn(text: string, name: string): readonly MemberSpan[] {
  const found: MemberSpan[] = [];
  let depth = 0;
  /** Where the value of the member begins in which we are, if it is one of those. */
  let start = -1;
  let isName = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = endOfString(text, at);
      if (isName && depth === 1) {
        isName = false;
        const colon = text.indexOf(':', end);
        if (colon < 0) return found;
        if (isNamed(text.slice(at, end), name)) start = colon + 1;
        at = colon;
      } else at = end - 1;
    } else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth === 1) isName = true;
    } else if (code === 0x7d || code === 0x5d || (code === 0x2c && depth === 1)) {
      if (depth === 1) {
        if (start >= 0) found.push({ start, end: at });
        start = -1;
        isName = true;
      }
      if (code !== 0x2c) depth -= 1;
    }
  }
  return found;
}

/** Behind the closing quote. */
function endOfString(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at + 1;
}

function isNamed(literal: string, name: string): boolean {
  if (!literal.includes('\\')) return literal === `"${name}"`;
  try {
    return JSON.parse(literal) === name;
  } catch {
    return false;
  }
}
