import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type MessageKind, versionOf } from '../shared/core/message-catalog.ts';
import { parseStored } from '../shared/runtime/handle/parse-record.ts';
import { catalog } from './catalog.ts';
import { type MessageType, messageKinds } from './messages.ts';

/**
 * What was published stays readable: one file for each message type and version, with the schema it was published by
 * and one such message. A file is never edited; another version gets a file of its own beside it.
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

const types = Object.keys(messageKinds) as MessageType[];
/** Each published version of each type, with the schema that reads it now. */
const versions = types.flatMap((type) => {
  const { older, schema }: MessageKind = messageKinds[type];
  return [...older, { schema }].map((version, index) => ({
    file: `${type}.${index + 1}.json`,
    schema: version.schema,
  }));
});

describe('every message that was ever published', () => {
  it('has a file for each of its versions', () => {
    expect(files).toEqual(versions.map(({ file }) => file).sort());
  });

  it.each(files)('is read, as its newest version: %s', (file) => {
    const { data, ...attributes } = read(file).message;
    const record = { topic: 'any', partition: 0, position: 1, attributes, value: JSON.stringify(data) };
    const newest = versionOf(catalog, String(attributes['type']));
    const upcast = attributes['schemaversion'] === newest ? { data } : {};

    expect(parseStored(record, catalog)).toMatchObject({
      kind: 'message',
      message: { ...attributes, ...upcast, schemaversion: newest },
    });
  });

  it.each(versions)('has the schema that it was published by: $file', ({ file, schema }) => {
    expect(JSON.parse(JSON.stringify(z.toJSONSchema(schema)))).toEqual(read(file).schema);
  });
});
