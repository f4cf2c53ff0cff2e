import fc from 'fast-check';
import { type Document, resolve, type Schema } from './document.ts';
import type { KnownValues } from './known-values.ts';
import type { Validate } from './validate.ts';

/** What the generation of values needs. */
export interface Source {
  readonly document: Document;
  /** By the schemas as they are. */
  readonly validate: Validate;
  readonly known: KnownValues;
}

/** Generated text is not longer than this, except at the limit of its schema. */
const TEXT_MAX = 24;
const ITEMS_MAX = 3;
/** Any number of code points, all well-formed. The document says of all texts that they hold no U+0000. */
const anyText = (minLength: number, maxLength: number) =>
  fc.string({ unit: 'binary', minLength, maxLength }).map((text) => text.replaceAll('\0', '\u0001'));

/**
 * Values that a schema allows, among them its example and those that the store has answered under this name. All are checked by
 * the schema before they are used.
 */
export function allowedBy(source: Source, schema: Schema, name = ''): fc.Arbitrary<unknown> {
  const { document, validate, known } = source;
  const resolved = resolve(document, schema);
  const seen = known.of(name).filter((value) => isScalarOrAny(resolved, value) && validate(schema, value).length === 0);
  const made = generated(source, resolved).filter((value) => validate(schema, value).length === 0);
  const choices = [{ arbitrary: made, weight: 2 }];
  if (seen.length > 0) choices.push({ arbitrary: fc.constantFrom(...seen), weight: 4 });
  if (resolved.example !== undefined) choices.push({ arbitrary: fc.constant(resolved.example), weight: 2 });
  return fc.oneof(...choices);
}

/** Known objects are used only where a schema allows anything: elsewhere their parts are. */
function isScalarOrAny(schema: Schema, value: unknown): boolean {
  return typeof value !== 'object' || Object.keys(schema).every((keyword) => keyword === 'description');
}

function generated(source: Source, schema: Schema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches !== undefined) return fc.oneof(...branches.map((branch) => allowedBy(source, branch)));
  if (schema.allOf !== undefined) throw new Error('the check does not know allOf');
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? []);
  if (types.length === 0) return fc.jsonValue({ maxDepth: 2, stringUnit: 'binary' });
  return fc.oneof(...types.map((type) => ofType(source, schema, type)));
}

function ofType(source: Source, schema: Schema, type: string): fc.Arbitrary<unknown> {
  switch (type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -(2 ** 31), max: schema.maximum ?? 2 ** 31 - 1 });
    case 'number':
      return numberOf(schema);
    case 'string':
      return textOf(schema);
    case 'array':
      return listOf(source, schema);
    case 'object':
      return objectOf(source, schema);
    default:
      throw new Error(`the check does not know the type ${type}`);
  }
}

/** Whole numbers, those with two digits after the point, and any others. */
function numberOf({ minimum = -1e9, maximum = 1e9 }: Schema): fc.Arbitrary<number> {
  const whole = fc.integer({ min: Math.ceil(minimum), max: Math.floor(Math.min(maximum, 1e6)) });
  return fc.oneof(
    whole,
    whole.map((number) => Math.min(maximum, number + 0.25)),
    fc.double({ noNaN: true, min: minimum, max: maximum }),
  );
}

function textOf({ pattern, format, minLength = 0, maxLength = Number.POSITIVE_INFINITY }: Schema) {
  if (format === 'date-time') return fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
  if (pattern !== undefined) {
    return fc
      .stringMatching(new RegExp(pattern))
      .filter((text) => text.length >= minLength && text.length <= maxLength);
  }
  const usual = anyText(minLength, Math.min(maxLength, Math.max(minLength, TEXT_MAX)));
  if (maxLength === Number.POSITIVE_INFINITY) return usual;
  // At the limit, once with characters of one UTF-16 unit and once with characters of two.
  const atTheLimit = fc.constantFrom('x', '\u{1f4a1}').map((character) => character.repeat(maxLength));
  return fc.oneof({ arbitrary: usual, weight: 5 }, { arbitrary: atTheLimit, weight: 1 });
}

function listOf(source: Source, { items = {}, minItems = 0, maxItems = Number.POSITIVE_INFINITY }: Schema) {
  return fc.array(allowedBy(source, items), {
    minLength: minItems,
    maxLength: Math.min(maxItems, Math.max(minItems, ITEMS_MAX)),
  });
}

function objectOf(source: Source, { properties = {}, required = [], additionalProperties }: Schema) {
  const fields = Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, allowedBy(source, schema, name)]),
  );
  const listed = fc.record(fields, { requiredKeys: required.filter((name) => name in fields), noNullPrototype: true });
  if (typeof additionalProperties !== 'object') return listed;
  const others = fc.dictionary(fc.string(), allowedBy(source, additionalProperties), {
    maxKeys: 2,
    noNullPrototype: true,
  });
  return fc.tuple(others, listed).map(([more, own]) => ({ ...more, ...own }));
}
