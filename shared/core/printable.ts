/**
 * Text from elsewhere (ids, names, errors, answers) as it is shown to people: no character of it controls the terminal, turns
 * the direction of a line or hides, and none is so long that it buries the rest.
 *
 * A character without a glyph is shown as JSON writes it, `\u001b`: one escape for each UTF-16 unit.
 */

/** Characters of a value that are shown. Ids have at most 64. */
export const VALUE_MAX = 300;
/** Characters that are shown of a text of many lines, such as an error with its stack or the data of a message. */
export const TEXT_MAX = 8_000;

/** Controls (C0, DEL, C1), formats (bidi, zero width, tags), separators of lines, lone surrogates, and what has no glyph. */
const CONCEALED = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/gu;
/** Nearly all text; looked for first, because it is cheap. */
const PLAIN = /^[ -~]*$/;

/** A value within one line; a longer one is cut and says how long it is. `max`: the characters that are shown. */
export function printable(text: string, max = VALUE_MAX): string {
  const shown = shortened(text, max);
  return PLAIN.test(shown) ? shown : shown.replace(CONCEALED, escaped);
}

/** A text whose line breaks stay; everything else as in {@link printable}. */
export function printableLines(text: string, max = TEXT_MAX): string {
  return shortened(text, max)
    .split(/\r?\n/)
    .map((line) => printable(line, Number.POSITIVE_INFINITY))
    .join('\n');
}

/** A JSON text that means the same and can be shown; not cut. White space is only between its values: JSON escapes it in them. */
export function printableJson(json: string): string {
  return json
    .replace(/\r\n?/g, '\n')
    .replaceAll('\t', '  ')
    .replace(CONCEALED, (character) => (character === '\n' ? character : escaped(character)));
}

/** The first `max` characters, with the length of the whole where there are more. */
export function shortened(text: string, max: number): string {
  if (text.length <= max) return text;
  let length = 0;
  let end = 0;
  for (const { length: units } of text) {
    if (length < max) end += units;
    length += 1;
  }
  return length <= max ? text : `${text.slice(0, end)}… (${length} characters)`;
}

function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, n) => character.charCodeAt(n));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
