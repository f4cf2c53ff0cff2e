import fc from 'fast-check';
import { allowedBy, type Source } from './allowed.ts';
import { resolve, type Schema } from './document.ts';

/** Values that break one constraint of a schema. */
interface Violation {
  /** Which constraint, and where: `/items/0/quantity above its maximum`. */
  readonly what: string;
  readonly values: fc.Arbitrary<unknown>;
}

const OF_EACH_TYPE: readonly unknown[] = [null, true, 1.5, -1, 'text', '', [], {}, ['text'], { field: 1 }];

/** Values of a violation that are tried until some are forbidden indeed: what breaks one constraint may meet another one. */
const TRIES = 16;

/** Forbidden values for each way to break a schema, at most `count` for each. */
export function forbiddenBy(
  source: Source,
  schema: Schema,
  { seed, count }: { readonly seed: number; readonly count: number },
): readonly { readonly what: string; readonly value: unknown }[] {
  const isForbidden = (value: unknown) => source.validate(schema, value).length > 0;
  return violationsOf(source, schema).flatMap(({ what, values }) =>
    fc
      .sample(values, { seed, numRuns: TRIES })
      .filter(isForbidden)
      .slice(0, count)
      .map((value) => ({ what, value })),
  );
}

/**
 * The ways to break a schema, one constraint at a time: in itself, and in each of its parts inside a value that is allowed
 * otherwise.
 */
function violationsOf(source: Source, schema: Schema, at = ''): readonly Violation[] {
  const { document, validate } = source;
  const resolved = resolve(document, schema);
  const wrongType = OF_EACH_TYPE.filter((value) => validate(schema, value).length > 0);
  const own: Violation[] = [
    ...(wrongType.length === 0 ? [] : [{ what: 'of another type', values: fc.constantFrom(...wrongType) }]),
    ...ofNumber(resolved),
    ...ofText(resolved),
    ...ofList(source, resolved),
    ...ofObject(source, resolved, schema),
  ].map(({ what, values }) => ({ what: `${at || '/'} ${what}`, values }));
  const branches = [...(resolved.anyOf ?? []), ...(resolved.oneOf ?? [])].flatMap((branch) =>
    violationsOf(source, branch, at),
  );
  return [...own, ...branches, ...ofFields(source, resolved, schema, at), ...ofItems(source, resolved, schema, at)];
}

function ofNumber({ type, minimum, maximum }: Schema): readonly Violation[] {
  if (type !== 'integer' && type !== 'number') return [];
  const found: Violation[] = [];
  if (minimum !== undefined) {
    const values = fc.constantFrom(minimum - 1, minimum - 1e6, -Number.MAX_SAFE_INTEGER);
    found.push({ what: 'below its minimum', values });
  }
  if (maximum !== undefined) {
    const values = fc.constantFrom(maximum + 1, maximum + 1e6, Number.MAX_SAFE_INTEGER, 1e300);
    found.push({ what: 'above its maximum', values });
  }
  if (type === 'integer') {
    const values = fc.integer({ min: minimum ?? 0, max: Math.min(maximum ?? 1e6, 1e6) }).map((whole) => whole + 0.5);
    found.push({ what: 'not a whole number', values });
  }
  return found;
}

function ofText({ type, enum: words, pattern, minLength, maxLength }: Schema): readonly Violation[] {
  if (type !== 'string') return [];
  const found: Violation[] = [];
  if (words !== undefined) {
    const values = fc.oneof(
      fc.string(),
      fc.constantFrom(...words).map((word) => String(word).toUpperCase()),
    );
    found.push({ what: 'not one of its words', values });
  }
  if (minLength !== undefined && minLength > 0) {
    found.push({ what: 'too short', values: fc.constant('x'.repeat(minLength - 1)) });
  }
  if (maxLength !== undefined) {
    const values = fc.constantFrom('x', '\u{1f4a1}').map((character) => character.repeat(maxLength + 1));
    found.push({ what: 'too long', values });
  }
  if (pattern !== undefined) {
    const matching = fc.stringMatching(new RegExp(pattern));
    const spoilt = fc
      .tuple(matching, fc.constantFrom(' ', '/', '\n', 'é', '%', '\u{1f4a1}', '\0'))
      .map(([a, b]) => a + b);
    found.push({ what: 'not of its pattern', values: fc.oneof(spoilt, fc.string({ unit: 'binary', minLength: 1 })) });
  }
  return found;
}

function ofList(source: Source, { type, items = {}, minItems, maxItems }: Schema): readonly Violation[] {
  if (type !== 'array') return [];
  const found: Violation[] = [];
  const item = allowedBy(source, items);
  const ofLength = (length: number) => fc.array(item, { minLength: length, maxLength: length });
  if (minItems !== undefined && minItems > 0)
    found.push({ what: 'with too few items', values: ofLength(minItems - 1) });
  if (maxItems !== undefined) {
    found.push({ what: 'with too many items', values: item.map((each) => Array(maxItems + 1).fill(each)) });
  }
  return found;
}

function ofObject(source: Source, resolved: Schema, schema: Schema): readonly Violation[] {
  const { type, required = [], additionalProperties } = resolved;
  if (type !== 'object') return [];
  const whole = allowedBy(source, schema) as fc.Arbitrary<object>;
  const found = required.map((name) => ({
    what: `without ${name}`,
    values: whole.map((value) => Object.fromEntries(Object.entries(value).filter(([field]) => field !== name))),
  }));
  if (additionalProperties !== false) return found;
  const values = whole.map((value) => ({ ...value, notInTheDocument: 1 }));
  return [...found, { what: 'with a field that is not known', values }];
}

function ofFields(source: Source, resolved: Schema, schema: Schema, at: string): readonly Violation[] {
  if (resolved.type !== 'object') return [];
  const whole = allowedBy(source, schema) as fc.Arbitrary<object>;
  return Object.entries(resolved.properties ?? {}).flatMap(([name, field]) =>
    violationsOf(source, field, `${at}/${name}`).map(({ what, values }) => ({
      what,
      values: fc.tuple(whole, values).map(([value, wrong]) => ({ ...value, [name]: wrong })),
    })),
  );
}

function ofItems(source: Source, { type, items }: Schema, schema: Schema, at: string): readonly Violation[] {
  if (type !== 'array' || items === undefined) return [];
  const whole = allowedBy(source, schema) as fc.Arbitrary<readonly unknown[]>;
  return violationsOf(source, items, `${at}/0`).map(({ what, values }) => ({
    what,
    values: fc.tuple(whole, values).map(([value, wrong]) => [wrong, ...value.slice(1)]),
  }));
}
