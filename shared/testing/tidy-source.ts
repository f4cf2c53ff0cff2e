/** A source file, and what of it is code. Positions and lines are the same in all of its texts. */
export interface Source {
  readonly path: string;
  readonly text: string;
  /** Comments blanked out. */
  readonly uncommented: string;
  /** Comments and the contents of strings, templates and regular expressions blanked out. */
  readonly code: string;
  /** Everything but comments blanked out. */
  readonly comments: string;
}

type Kind = 'code' | 'comment' | 'literal';

/** What stands before a slash that begins a regular expression. */
const BEFORE_REGEX = /(?:^|[(,=:[!&|?{};+*%~^<>-]|\b(?:return|typeof|case|of|in|void))$/;
const PATTERNS = {
  lineComment: /\/\/[^\n]*/y,
  blockComment: /\/\*[\s\S]*?(?:\*\/|$)/y,
  single: /'(?:\\.|[^'\\\n])*'?/y,
  double: /"(?:\\.|[^"\\\n])*"?/y,
  template: /(?:\\[\s\S]|\$(?!\{)|[^`\\$])*(?:`|\$\{|$)/y,
  regex: /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/y,
} as const;

/** Tells code from comments and literals. Good enough for TypeScript as a formatter leaves it. */
export function readSource(path: string, text: string): Source {
  const texts = { code: '', comment: '', uncommented: '' };
  /** For each open `${`, how many braces are open in it. */
  const templates: number[] = [];
  let position = 0;

  const take = (kind: Kind, part: string) => {
    const blank = part.replaceAll(/[^\n]/g, ' ');
    texts.code += kind === 'code' ? part : blank;
    texts.comment += kind === 'comment' ? part : blank;
    texts.uncommented += kind === 'comment' ? blank : part;
    position += part.length;
  };
  const match = (name: keyof typeof PATTERNS) => {
    const pattern = PATTERNS[name];
    pattern.lastIndex = position;
    return pattern.exec(text)?.[0];
  };
  const takeTemplate = () => {
    const part = match('template') ?? '';
    take('literal', part);
    if (part.endsWith('${')) templates.push(0);
  };
  const takeCode = (char: string) => {
    const open = templates.length - 1;
    const depth = templates[open];
    take('code', char);
    if (depth === undefined) return;
    if (char === '{') templates[open] = depth + 1;
    if (char === '}') templates[open] = depth - 1;
  };

  while (position < text.length) {
    const char = text.charAt(position);
    const comment = char === '/' ? (match('lineComment') ?? match('blockComment')) : undefined;
    const quoted = char === "'" ? match('single') : char === '"' ? match('double') : undefined;
    const regex = char === '/' && BEFORE_REGEX.test(texts.code.trimEnd()) ? match('regex') : undefined;
    if (comment !== undefined) take('comment', comment);
    else if (quoted !== undefined) take('literal', quoted);
    else if (regex !== undefined) take('literal', regex);
    else if (char === '`') {
      take('literal', char);
      takeTemplate();
    } else if (char === '}' && templates.at(-1) === 0) {
      templates.pop();
      take('literal', char);
      takeTemplate();
    } else takeCode(char);
  }
  return { path, text, code: texts.code, comments: texts.comment, uncommented: texts.uncommented };
}

export interface Block {
  /** From 1. */
  readonly line: number;
  readonly lines: number;
  readonly text: string;
}

/** The bodies of functions: blocks that follow an arrow, a list of parameters, or a return type. */
export function functionBodies({ code }: Source): readonly Block[] {
  const bodies: Block[] = [];
  const open: { start: number; isBody: boolean; isType: boolean }[] = [];
  let endOfType = -1;
  for (let index = 0; index < code.length; index += 1) {
    const char = code.charAt(index);
    if (char === '{') {
      const before = code.slice(Math.max(0, index - 200), index).trimEnd();
      const isType = /\)\s*:$/.test(before);
      const followsType = endOfType >= 0 && code.slice(endOfType + 1, index).trim() === '';
      const isBody = followsType || /(?:=>|\))$/.test(before) || /\)\s*:\s*[^;{}=]+$/.test(before);
      open.push({ start: index, isBody: isBody && !isType, isType });
    }
    if (char !== '}') continue;
    const block = open.pop();
    if (block?.isType) endOfType = index;
    if (!block?.isBody) continue;
    const text = code.slice(block.start, index + 1);
    bodies.push({ line: lineAt(code, block.start), lines: text.split('\n').length, text });
  }
  return bodies;
}

/** The line of a position, from 1. */
export function lineAt(text: string, position: number): number {
  return text.slice(0, position).split('\n').length;
}
