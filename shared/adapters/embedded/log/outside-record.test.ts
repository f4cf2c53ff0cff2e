import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseRecord } from '../../../runtime/handle/parse-record.ts';
import { count, probeCatalog } from '../../../testing/probe.ts';
import { EmbeddedLog } from './embedded-log.ts';

const INSERT =
  "INSERT INTO outbox (topic, subject, attributes, data) VALUES ('commands', '', CAST(? AS TEXT), CAST(? AS TEXT))";
const { data: _, ...attributes } = count('lamp', 2);
const known = JSON.stringify(attributes);
const data = '{"productId":"lamp","quantity":2,"name":null}';
const reader = { inputs: new Set(['ReceiveStock']), catalog: { ...probeCatalog, publicTopics: new Set(['commands']) } };

let folder: string;
let log: EmbeddedLog;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'saga-outside-'));
  const commands = { file: join(folder, 'commands.db'), writtenHere: false, isPublic: true };
  log = new EmbeddedLog({ topics: { commands }, pollMs: 1_000 });
});
afterEach(async () => {
  await log.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What the log reads after another program has written these bytes into the file of the topic. */
async function written(attributeBytes: string | Buffer, dataBytes: string | Buffer) {
  await log.append('commands', [count('first', 1)]);
  const db = new Database(join(folder, 'commands.db'));
  db.prepare(INSERT).run(Buffer.from(attributeBytes), Buffer.from(dataBytes));
  db.close();
  const subscription = await log.subscribe({
    group: 'g',
    topics: ['commands'],
    positions: async () => [],
    wake: () => undefined,
  });
  const [, record] = await subscription.poll(10);
  if (record === undefined) throw new Error('the record is missing');
  return { ...record, parsed: parseRecord(record, reader) };
}

const latin1 = (text: string) => Buffer.from(text, 'latin1');

describe('a record that another program wrote into a public topic', () => {
  it('is read as it is, also with U+FFFD', async () => {
    const value = '{"productId":"lamp","quantity":2,"name":"\uFFFD ü u\u0308"}';

    const { attributes: read, value: readValue, parsed } = await written(known.replace('"lamp"', '"\uFFFD"'), value);

    expect([read['subject'], readValue, parsed.kind]).toEqual(['\uFFFD', value, 'message']);
  });

  it('keeps the bytes of data that are not UTF-8, and is rejected', async () => {
    const bytes = latin1('{"productId":"lamp","quantity":2,"name":"Müller"}');

    const record = await written(known, bytes);

    expect([record.attributes, record.value]).toEqual([{ ...attributes, data_base64: bytes.toString('base64') }, '']);
    expect(record.parsed).toEqual({
      kind: 'rejected',
      code: 'unreadable',
      detail: 'the data is not UTF-8; data_base64 has its bytes',
    });
  });

  it('keeps the bytes of attributes that are not UTF-8, and is rejected', async () => {
    const bytes = latin1(known.replace('"lamp"', '"Müller"'));

    const record = await written(bytes, data);

    expect([record.attributes, record.value]).toEqual([{ raw_base64: bytes.toString('base64') }, data]);
    expect(record.parsed).toMatchObject({ detail: 'the attributes are not UTF-8; raw_base64 has their bytes' });
  });

  it.each([
    ['a name twice', known.replace('{', '{"id":"other",'), 'at /id: this name is there more than once'],
    ['half of a surrogate pair', known.replace('"lamp"', '"\\ud800"'), 'at /subject: this text holds half of'],
    ['no JSON', '{"id"', 'is not JSON'],
  ])('keeps attributes with %s as they are, and is rejected', async (_, text, detail) => {
    const record = await written(text, data);

    expect(record.attributes).toEqual({ raw: text });
    expect(record.parsed).toMatchObject({ code: 'unreadable', detail: expect.stringContaining(detail) });
  });

  it.each([
    [
      'a name twice',
      '{"productId":"lamp","quantity":2,"quantity":3,"name":null}',
      'the data is not valid at /quantity: this name',
    ],
    [
      'a name twice that the store does not know',
      `{"x":{"y":1,"y":2},${data.slice(1)}`,
      'the data is not valid at /x/y: this',
    ],
    [
      'a number that is rounded',
      data.replace('2', '2.00000000000000000001'),
      'the data is not valid at /quantity: 2.0000',
    ],
    ['U+0000', data.replace('null', '"\\u0000"'), 'the data is not valid at /name: this text holds U+0000'],
    ['10,000 levels', '['.repeat(10_000), 'the data is not JSON: it is nested deeper than 64 levels'],
  ])('with %s in its data is rejected with its value', async (_, value, detail) => {
    const record = await written(known, value);

    expect(record.value).toBe(value);
    expect(record.parsed).toMatchObject({ code: 'unreadable', detail: expect.stringContaining(detail) });
  });
});
