/** Text from outside, for a page: what would hide or turn round other text is shown as an escape. */
const HIDDEN = /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;
/** The most that is shown of one text, in UTF-16 code units. */
const SHOWN_MAX = 256 * 1024;

/** Keeps line feeds and tabs where `keepsLines`. A longer text is cut, and ends with how much is left out. */
export function foreignText(text: string, { keepsLines = false, max = SHOWN_MAX } = {}): string {
  const left = text.length - max;
  const shown = left > 0 ? text.slice(0, max) : text;
  const escaped = shown.replaceAll(HIDDEN, (char) =>
    keepsLines && (char === '\n' || char === '\t') ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return left > 0 ? `${escaped} … ${left} more` : escaped;
}
