import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseStored } from '../shared/runtime/handle/parse-record.ts';
import { SCHEMA_VERSION, schemas } from './messages.ts';

/**
 * What was published stays readable: one file for each message type and version, with the schema it was published by and
 * one such message. A file is never edited; another version gets a file of its own beside it.
 */
interface Golden {
  readonly schema: unknown;
  readonly message: Readonly<Record<string, unknown>>;
}

const folder = new URL('golden/', import.meta.url);
const files = readdirSync(folder).sort();

function read(file: string): Golden {
  return JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Golden;
}

/** The schema as it is now, as JSON would read it back. */
function schemaNow(type: keyof typeof schemas): unknown {
  return JSON.parse(JSON.stringify(z.toJSONSchema(schemas[type])));
}

describe('every message that was ever published', () => {
  it('has a file for each of its versions', () => {
    const versions = Array.from({ length: SCHEMA_VERSION }, (_, index) => index + 1);
    const expected = Object.keys(schemas).flatMap((type) => versions.map((version) => `${type}.${version}.json`));

    expect(files).toEqual(expected.sort());
  });

  it.each(files)('is read as it was written: %s', (file) => {
    const { data, ...attributes } = read(file).message;
    const record = { topic: 'any', partition: 0, position: 1, attributes, value: JSON.stringify(data) };

    expect(parseStored(record)).toEqual({ kind: 'message', message: read(file).message });
  });

  it.each(Object.keys(schemas) as (keyof typeof schemas)[])('has the schema that it was published by: %s', (type) => {
    expect(schemaNow(type)).toEqual(read(`${type}.${SCHEMA_VERSION}.json`).schema);
  });
});
