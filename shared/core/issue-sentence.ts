import type { z } from 'zod';
import { counted } from './words.ts';

type Issue = z.core.$ZodRawIssue;

const KINDS: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'a boolean',
  array: 'an array',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

const FORMATS: Readonly<Record<string, string>> = {
  datetime: 'a time of RFC 3339',
  url: 'a URL',
  uuid: 'a UUID',
};

/**
 * Parses a value of a stranger; what is wrong is said in sentences without a subject. Zod is slow when it is given an error map,
 * so a value is parsed without one, and again with it where it is wrong.
 */
export function safeParseInput<Schema extends z.ZodType>(schema: Schema, value: unknown) {
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed : schema.safeParse(value, { error: issueSentence });
}

/** What is wrong, for schemas that say nothing themselves. */
function issueSentence(issue: Issue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? 'this is missing'
        : `must be ${kindOf(issue.expected)}${notOf(issue.input, issue.expected)}`;
    case 'too_small':
      return boundary(issue.origin, Number(issue.minimum), issue.inclusive === false ? 'more than' : 'at least');
    case 'too_big':
      return boundary(issue.origin, Number(issue.maximum), issue.inclusive === false ? 'less than' : 'at most');
    case 'invalid_format':
      return issue.pattern !== undefined && !(issue.format in FORMATS)
        ? `must match the pattern ${issue.pattern}`
        : `must be ${FORMATS[issue.format] ?? `a string of the form ${issue.format}`}`;
    case 'invalid_value':
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`;
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'invalid_union':
      return 'has none of the forms that are allowed';
    default:
      return undefined;
  }
}

/** What is wrong with each part of a value, as one sentence: `id: this is missing; time: must be a time of RFC 3339`. */
export function issuesSentence({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`)).join('; ');
}

function kindOf(expected: string): string {
  return KINDS[expected] ?? expected;
}

/** What was given instead, where that is of another kind: a number that is not whole is still a number. */
function notOf(input: unknown, expected: string): string {
  if (typeof input === 'number' && /^(?:number|int)$/.test(expected)) return '';
  return `, not ${kindOf(input === null ? 'null' : Array.isArray(input) ? 'array' : typeof input)}`;
}

function boundary(origin: string, limit: number, how: string): string {
  const isEmpty = how === 'at least' && limit === 1;
  if (origin === 'string') return isEmpty ? 'must not be empty' : `must have ${how} ${counted(limit, 'character')}`;
  if (origin === 'array') return isEmpty ? 'must not be empty' : `must have ${how} ${counted(limit, 'element')}`;
  return `must be ${how} ${limit}`;
}
