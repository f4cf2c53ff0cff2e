import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Document, Schema } from './document.ts';

const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** What is wrong with a value; empty when it is as the schema says. */
export type Validate = (schema: Schema, value: unknown) => readonly string[];

/**
 * Validates by the schemas of a document. `isClosed` is for answers: an object that lists its properties may have no
 * others, so that a field that is not documented is found.
 */
export function validatorOf(document: Document, isClosed: boolean): Validate {
  const ajv = new Ajv2020({
    strict: false,
    allErrors: true,
    logger: false,
    formats: { 'date-time': (text: string) => DATE_TIME.test(text) && !Number.isNaN(Date.parse(text)) },
  });
  const prepared = (schema: unknown) => (isClosed ? closed(schema) : schema);
  ajv.addSchema({ $id: 'api', components: prepared(document.components ?? {}) as object });
  const compiled = new WeakMap<Schema, ValidateFunction>();
  return (schema, value) => {
    const known = compiled.get(schema);
    const absolute = JSON.stringify(prepared(schema)).replaceAll('"#/', '"api#/');
    const validate = known ?? ajv.compile(JSON.parse(absolute) as object);
    compiled.set(schema, validate);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(({ instancePath, message, params }) => {
      return `${instancePath} ${message ?? ''} ${JSON.stringify(params)}`.trim();
    });
  };
}

/** The schema with every object closed that lists properties and says nothing of others. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const all = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, closed(value)]));
  const isObject = all['type'] === 'object' && 'properties' in all && !('additionalProperties' in all);
  return isObject ? { ...all, additionalProperties: false } : all;
}
