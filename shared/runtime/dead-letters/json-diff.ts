import { readJson } from '../../core/json.ts';
import { pointerTo } from '../../core/json-pointer.ts';

/** One place where two values differ; without `before` it was added, without `after` it was removed. */
export interface Difference {
  /** RFC 6901; empty for the whole value. */
  readonly pointer: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** The places where two JSON values differ, as deep as possible, in the order of the fields. */
export function differencesOf(before: unknown, after: unknown, path: readonly string[] = []): readonly Difference[] {
  if (!isBranch(before) || !isBranch(after) || Array.isArray(before) !== Array.isArray(after)) {
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [difference(path, before, after)];
  }
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => {
    const [one, other] = [before, after].map((value) => (Object.hasOwn(value, name) ? value[name] : undefined));
    return differencesOf(one, other, [...path, name]);
  });
}

/** The JSON in a text, or the text itself where it is not JSON, or JSON that not every reader reads alike. */
export function parsedOrText(text: string): unknown {
  const read = readJson(text);
  return 'value' in read ? read.value : text;
}

function difference(path: readonly string[], before: unknown, after: unknown): Difference {
  return {
    pointer: pointerTo(path),
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  };
}

function isBranch(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
