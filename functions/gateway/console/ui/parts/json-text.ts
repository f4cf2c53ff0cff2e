/** JSON as a person writes it: where it is wrong, where a value stands in it, and the same JSON with one value a line. */

/** Deeper ones are refused, here as at the store. */
const DEPTH_MAX = 64;
const LITERAL = /(?:true|false|null)\b/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// A control character in a string has to be written as an escape.
const STRING = /"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const SPACE = /[ \t\r\n]*/y;

/** What is wrong in a text that is meant to be JSON. Lines and columns count from 1. */
export interface JsonError {
  readonly line: number;
  readonly column: number;
  readonly offset: number;
  readonly detail: string;
}

export type JsonText =
  | { readonly value: unknown; readonly lines: ReadonlyMap<string, number> }
  | { readonly error: JsonError };

/** The value of a text and the line of each pointer (RFC 6901) in it, or the first error. */
export function readJsonText(text: string): JsonText {
  const scan = new Scan(text);
  try {
    scan.whole();
  } catch (error) {
    if (error instanceof ScanError) return { error: { ...placeIn(text, error.offset), detail: error.message } };
    throw error;
  }
  return { value: JSON.parse(text), lines: scan.lines };
}

/** The line at `pointer`, or at the closest value around it. */
export function lineAt(lines: ReadonlyMap<string, number>, pointer: string): number {
  const line = lines.get(pointer);
  if (line !== undefined || pointer === '') return line ?? 1;
  return lineAt(lines, pointer.slice(0, pointer.lastIndexOf('/')));
}

/** JSON with one value a line and its tokens as they are, so that no number changes; another text as it is. */
export function indented(text: string): string {
  if (!isJson(text)) return text;
  let depth = 0;
  const lineBreak = () => `\n${'  '.repeat(depth)}`;
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[[\]{}:,]|[^\s[\]{}:,"]+/g) ?? [];
  return tokens
    .map((token, n) => {
      const isEmpty = /^[[{]$/.test(tokens[n - 1] ?? '');
      if (token === ':') return ': ';
      if (token === ',') return `,${lineBreak()}`;
      if (/^[[{]$/.test(token)) {
        depth += 1;
        return /^[\]}]$/.test(tokens[n + 1] ?? '') ? token : token + lineBreak();
      }
      if (!/^[\]}]$/.test(token)) return token;
      depth -= 1;
      return isEmpty ? token : lineBreak() + token;
    })
    .join('');
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function placeIn(text: string, offset: number) {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n'), offset };
}

class ScanError extends Error {
  readonly offset: number;

  constructor(offset: number, detail: string) {
    super(detail);
    this.offset = offset;
  }
}

class Scan {
  /** The line of each pointer. */
  readonly lines = new Map<string, number>();
  readonly #text: string;
  #at = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): void {
    this.#value('', 0);
    this.#skip();
    if (this.#at < this.#text.length) throw this.#error('the value has ended here, and there is more');
  }

  #value(pointer: string, depth: number): void {
    this.#skip();
    this.lines.set(pointer, this.#line);
    if (depth > DEPTH_MAX) throw this.#error(`it is nested deeper than ${DEPTH_MAX} levels`);
    if (this.#takes('{')) this.#fields(pointer, depth);
    else if (this.#takes('[')) this.#elements(pointer, depth);
    else this.#scalar();
  }

  #scalar(): void {
    if (this.#token(STRING) ?? this.#token(LITERAL)) return;
    const start = this.#at;
    const number = this.#token(NUMBER);
    if (number !== null && /^-?\d+$/.test(number) && !Number.isSafeInteger(Number(number))) {
      throw new ScanError(start, `${number} would be rounded; write it as a string`);
    }
    if (number !== null) return;
    if (this.#text[this.#at] === '"') throw this.#error('this string does not end on its line, or has a wrong escape');
    throw this.#error(`${this.#here()} where a value is expected`);
  }

  #fields(pointer: string, depth: number): void {
    const names = new Set<string>();
    this.#skip();
    if (this.#takes('}')) return;
    do {
      this.#skip();
      const start = this.#at;
      const name = this.#token(STRING);
      if (name === null) throw this.#error(`${this.#here()} where the name of a field is expected, in double quotes`);
      if (names.has(name)) throw new ScanError(start, `the field ${name} is here twice`);
      names.add(name);
      this.#skip();
      if (!this.#takes(':')) throw this.#error(`${this.#here()} where a colon is expected`);
      const step = String(JSON.parse(name)).replaceAll('~', '~0').replaceAll('/', '~1');
      this.#value(`${pointer}/${step}`, depth + 1);
      this.#skip();
    } while (this.#takes(','));
    if (!this.#takes('}')) throw this.#error(`${this.#here()} where a comma or } is expected`);
  }

  #elements(pointer: string, depth: number): void {
    this.#skip();
    if (this.#takes(']')) return;
    let index = 0;
    do {
      this.#value(`${pointer}/${index++}`, depth + 1);
      this.#skip();
    } while (this.#takes(','));
    if (!this.#takes(']')) throw this.#error(`${this.#here()} where a comma or ] is expected`);
  }

  /** The only place where lines end: a string has none in it. */
  #skip(): void {
    const space = this.#token(SPACE) ?? '';
    this.#line += space.split('\n').length - 1;
  }

  #takes(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at += 1;
    return true;
  }

  #token(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const [token] = pattern.exec(this.#text) ?? [];
    if (token === undefined) return null;
    this.#at += token.length;
    return token;
  }

  #here(): string {
    const char = this.#text[this.#at];
    return char === undefined ? 'the text ends' : `there is ${char}`;
  }

  #error(detail: string): ScanError {
    return new ScanError(this.#at, detail);
  }
}
