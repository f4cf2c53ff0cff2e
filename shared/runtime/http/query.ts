import { AppError, type FieldError } from '../../core/errors.ts';
import { pointerTo } from '../../core/json-pointer.ts';

/**
 * Why a request target cannot be read; null where it can. Escapes that are not UTF-8 (`%FF`, `%zz`, half of a surrogate pair, a
 * form that is too long) would be passed on undecoded or replaced, and U+0000 is no text. So these are refused at every path.
 */
export function targetProblem(url: string): AppError | null {
  if (!url.includes('%')) return null;
  try {
    if (!decodeURIComponent(url).includes('\0')) return null;
  } catch {
    return new AppError('malformed_request', 'the escapes (%) in the path or the query are not UTF-8');
  }
  return new AppError('malformed_request', 'the path or the query holds U+0000');
}

/**
 * The parameters of a request, each with its one value. A parameter of two values is refused: which one counts would be a guess.
 * @throws {AppError} 422 with a pointer to each that is there more than once.
 */
export function queryOf(url: string): Readonly<Record<string, string>> {
  const query = queryIn(url);
  if (query === '') return {};
  const values = new Map<string, string>();
  const repeated = new Set<string>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (values.has(name)) repeated.add(name);
    values.set(name, value);
  }
  if (repeated.size > 0)
    throw invalidQuery([...repeated], 'this parameter takes one value and is there more than once');
  return Object.fromEntries(values);
}

/** For requests that take no query. @throws {AppError} 422 with a pointer to each parameter. */
export function assertNoQuery(url: string): void {
  const query = queryIn(url);
  const names = query === '' ? [] : [...new Set(new URLSearchParams(query).keys())];
  if (names.length > 0) throw invalidQuery(names, 'this parameter is not known');
}

function queryIn(url: string): string {
  const start = url.indexOf('?');
  if (start === -1) return '';
  const end = url.indexOf('#', start);
  return url.slice(start + 1, end === -1 ? undefined : end);
}

function invalidQuery(names: readonly string[], detail: string): AppError {
  const errors = names.map((name): FieldError => ({ pointer: pointerTo([name]), detail }));
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  const message = `the query is not valid at ${errors[0]?.pointer}: ${detail}${more}`;
  return new AppError('invalid_request', message, { errors });
}
