import { pointerTo } from './json-pointer.ts';
import { isWellFormed } from './well-formed.ts';

/** The value of a JSON text; undefined where the text is no JSON. For texts of the store itself: see {@link readJson}. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** How deep arrays and objects may lie in one another, so that everything that follows them can call itself. */
export const JSON_DEPTH_MAX = 64;

/**
 * Why a JSON text from outside is refused.
 * `syntax`: it is no JSON, or nested too deep. `text`: it holds text that cannot be kept as it is. `duplicate`: a name is
 * there twice in an object, so that two readers may read two values. `number`: a number that has to be rounded.
 */
export interface JsonProblem {
  readonly kind: 'syntax' | 'text' | 'duplicate' | 'number';
  /** RFC 6901; empty for the whole text. */
  readonly pointer: string;
  /** What is wrong there, as the end of a sentence. */
  readonly detail: string;
}

/** The problem as a sentence about what `subject` names (`the data`). */
export function jsonSentence(subject: string, { kind, pointer, detail }: JsonProblem): string {
  if (kind === 'syntax') return `${subject} is not JSON: ${detail}`;
  return `${subject} is not valid${pointer === '' ? '' : ` at ${pointer}`}: ${detail}`;
}

export type ReadJson = { readonly value: unknown } | { readonly problem: JsonProblem };

/**
 * The value of a JSON text from outside, where it says one thing to every reader and nothing in it is altered. `JSON.parse`
 * alone keeps the last of two members of one name, rounds numbers and takes lone surrogates. Most texts cost one scan
 * beside it; only those that may be wrong are looked through.
 */
export function readJson(text: string): ReadJson {
  if (!text.isWellFormed()) return { problem: problemAt('text', '', 'it holds half of a surrogate pair') };
  const members = countMembers(text);
  if (members === TOO_DEEP) {
    return { problem: problemAt('syntax', '', `it is nested deeper than ${JSON_DEPTH_MAX} levels`) };
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problem: problemAt('syntax', '', syntaxDetail(error)) };
  }
  if (members !== SUSPICIOUS && members === countNames(value)) return { value };
  const problem = new JsonWalk(text).problem();
  return problem === null ? { value } : { problem };
}

/** Something that only a closer look can judge: an escape of a surrogate or of U+0000, or a long number. */
const SUSPICIOUS = -1;
const TOO_DEEP = -2;
/** A decimal of up to this many characters, without an exponent, is a double and back without a change. */
const EXACT_CHARACTERS = 15;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/** How many members the objects of a JSON text have, or one of the two signs above. Any text may be given. */
function countMembers(text: string): number {
  let members = 0;
  let depth = 0;
  let isSuspicious = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      for (at++; at < text.length; at++) {
        const inside = text.charCodeAt(at);
        if (inside === QUOTE) break;
        if (inside !== BACKSLASH) continue;
        at++;
        if (text.charCodeAt(at) === 0x75 && isBadEscape(text, at + 1)) isSuspicious = true;
      }
    } else if (code === COLON) members++;
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > JSON_DEPTH_MAX) return TOO_DEEP;
    } else if (code === 0x7d || code === 0x5d) depth--;
    else if (code === 0x2d || isDigit(code)) {
      const start = at;
      while (isNumberPart(text.charCodeAt(at + 1))) at++;
      if (at - start >= EXACT_CHARACTERS || /[eE]/.test(text.slice(start, at + 1))) isSuspicious = true;
    }
  }
  return isSuspicious ? SUSPICIOUS : members;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** A digit, `.`, `-`, `+`, `e` or `E`. */
function isNumberPart(code: number): boolean {
  return isDigit(code) || code === 0x2e || code === 0x65 || code === 0x45 || code === 0x2b || code === 0x2d;
}

/** Whether the four digits are those of U+0000 or of a surrogate, which may have no partner. */
function isBadEscape(text: string, at: number): boolean {
  const unit = Number.parseInt(text.slice(at, at + 4), 16);
  return unit === 0 || (unit >= 0xd800 && unit <= 0xdfff);
}

/** How many members the objects in a parsed value have: fewer than its text where a name was there twice. */
function countNames(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const each of value) if (typeof each === 'object') count += countNames(each);
    return count;
  }
  const members = value as Readonly<Record<string, unknown>>;
  for (const name in members) {
    count++;
    const member = members[name];
    if (typeof member === 'object') count += countNames(member);
  }
  return count;
}

function problemAt(kind: JsonProblem['kind'], pointer: string, detail: string): JsonProblem {
  return { kind, pointer, detail };
}

/** What the parser says, without the text that it quotes, and with no character that could control a terminal. */
function syntaxDetail(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message
    .replace(/, ?(?:\.{3})?".*"(?:\.{3})? is not valid JSON$/s, '')
    .replace(/[^\x20-\x7e]/gu, (each) => `U+${each.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}`);
}

/** Tokens of a text that is known to be JSON. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/sy;
const BLANK = /\s*/y;

/** Looks for the first problem in a text that is JSON, with the path to it. */
class JsonWalk {
  readonly #text: string;
  readonly #path: (string | number)[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  problem(): JsonProblem | null {
    return this.#value(this.#next());
  }

  #next(): string {
    BLANK.lastIndex = this.#at;
    BLANK.exec(this.#text);
    TOKEN.lastIndex = BLANK.lastIndex;
    const [token = ''] = TOKEN.exec(this.#text) ?? [];
    this.#at = TOKEN.lastIndex;
    return token;
  }

  #value(token: string): JsonProblem | null {
    if (token === '{') return this.#object();
    if (token === '[') return this.#array();
    if (token.startsWith('"')) return this.#string(JSON.parse(token) as string);
    return /^[-\d]/.test(token) && !survives(token) ? this.#here('number', roundedDetail(token)) : null;
  }

  #object(): JsonProblem | null {
    const names = new Set<string>();
    for (let token = this.#next(); token !== '}' && token !== ''; token = this.#next()) {
      if (token === ',') continue;
      const name = JSON.parse(token) as string;
      this.#path.push(name);
      if (names.has(name)) return this.#here('duplicate', 'this name is there more than once');
      names.add(name);
      if (!isWellFormed(name)) return this.#here('text', 'this name cannot be kept: it holds U+0000 or half of a pair');
      this.#next();
      const found = this.#value(this.#next());
      if (found !== null) return found;
      this.#path.pop();
    }
    return null;
  }

  #array(): JsonProblem | null {
    let index = 0;
    for (let token = this.#next(); token !== ']' && token !== ''; token = this.#next()) {
      if (token === ',') continue;
      this.#path.push(index++);
      const found = this.#value(token);
      if (found !== null) return found;
      this.#path.pop();
    }
    return null;
  }

  #string(text: string): JsonProblem | null {
    if (!text.isWellFormed()) return this.#here('text', 'this text holds half of a surrogate pair');
    return text.includes('\0') ? this.#here('text', 'this text holds U+0000') : null;
  }

  #here(kind: JsonProblem['kind'], detail: string): JsonProblem {
    return problemAt(kind, pointerTo(this.#path), detail);
  }
}

function roundedDetail(literal: string): string {
  const shown = literal.length > 40 ? `${literal.slice(0, 40)}…` : literal;
  return `${shown} cannot be kept exactly as a number; give fewer digits, or a text where the field takes one`;
}

/** No double needs more characters, written without an exponent. */
const LITERAL_MAX = 400;

/** Whether a number literal is the same decimal number after it was a double. */
function survives(literal: string): boolean {
  if (literal.length > LITERAL_MAX) return false;
  const double = Number(literal);
  return Number.isFinite(double) && decimalOf(literal) === decimalOf(String(double));
}

/** A decimal literal in one form: its digits without zeros at the ends, and the power of ten of the last one. */
function decimalOf(literal: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(literal) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const short = digits.replace(/0+$/, '');
  if (short === '') return '0';
  return `${sign}${short}e${Number(exponent) - fraction.length + digits.length - short.length}`;
}
