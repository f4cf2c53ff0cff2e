import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../functions/settings.ts';
import { openStoreLog } from '../../functions/store-log.ts';
import { produce } from './produce.ts';

const folder = mkdtempSync(join(tmpdir(), 'saga-store-produce-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const event = {
  specversion: '1.0',
  id: 'c-1',
  source: '/import',
  type: 'PlaceOrder',
  time: '2026-01-02T03:04:05.678Z',
  subject: 'ORDER_003',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  data: { orderId: 'ORDER_003' },
};
const latin1 = join(folder, 'latin-1.json');
writeFileSync(latin1, Buffer.from('{"id":"Müller"}', 'latin1'));
let dataDirs = 0;

async function produceFrom(input: string | Uint8Array, args: readonly string[] = ['order-commands', '-']) {
  dataDirs += 1;
  const dataDir = join(folder, `data-${dataDirs}`);
  mkdirSync(dataDir);
  const lines: string[] = [];
  const terminal = { env: { DATA_DIR: dataDir }, isTty: false, out: (text: string) => lines.push(text), err: () => 0 };
  await produce(args, terminal, async () => Buffer.from(input));
  const { log } = await openStoreLog(readConfig({ DATA_DIR: dataDir }), []);
  const wake = () => undefined;
  const subscription = await log.subscribe({
    group: 'test',
    topics: ['order-commands'],
    positions: async () => [],
    wake,
  });
  const records = await subscription.poll(10);
  const rows = records.map(({ attributes: { id, source, type, subject, partitionkey, traceparent }, value }) => ({
    ...{ id, source, type, subject, partitionkey, traceparent },
    data: value,
  }));
  await log.close();
  return { lines, rows, attributes: records.map((record) => record.attributes) };
}

const newestTopic = () => join(folder, `data-${dataDirs}`, 'topics', 'order-commands.db');

const row = {
  id: 'c-1',
  source: '/import',
  type: 'PlaceOrder',
  subject: 'ORDER_003',
  partitionkey: 'ORDER_003',
  traceparent: event.traceparent,
  data: '{"orderId":"ORDER_003"}',
};

describe('produce', () => {
  it('appends one event', async () => {
    expect(await produceFrom(JSON.stringify(event))).toMatchObject({
      lines: [`1 message is in order-commands: ${newestTopic()}`],
      rows: [row],
    });
  });

  it('refuses a data folder that is not there, and names it', async () => {
    const missing = join(folder, 'missing');
    const terminal = { env: { DATA_DIR: missing }, isTty: false, out: () => undefined, err: () => undefined };

    await expect(produce(['order-commands', '-'], terminal, async () => Buffer.from('[]'))).rejects.toThrow(
      `DATA_DIR: there is no data folder ${missing}. Start the store first`,
    );
    expect(existsSync(missing)).toBe(false);
  });

  it('refuses a data folder that is a file, and names it', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const terminal = { env: { DATA_DIR: file }, isTty: false, out: () => undefined, err: () => undefined };

    await expect(produce(['order-commands', '-'], terminal, async () => Buffer.from('[]'))).rejects.toThrow(
      `DATA_DIR: ${file} is a file and no data folder. Set it to the data folder of a store.`,
    );
  });

  it('appends one event after a byte order mark', async () => {
    expect(await produceFrom(`\uFEFF${JSON.stringify(event)}`)).toMatchObject({ rows: [row] });
  });

  it('appends the events of an array in a file in their order', async () => {
    const file = join(folder, 'events.json');
    writeFileSync(file, JSON.stringify([event, { ...event, id: 'c-2' }]));

    expect(await produceFrom('', ['order-commands', file])).toMatchObject({
      lines: [`2 messages are in order-commands: ${newestTopic()}`],
      rows: [row, { ...row, id: 'c-2' }],
    });
  });

  it.each([
    ['no time', { time: undefined }, undefined],
    ['a time that is null, which is no time', { time: null }, undefined],
    ['a time with an offset', { time: '2026-01-02T05:04:05+02:00' }, '2026-01-02T05:04:05+02:00'],
    ['a time in lower case', { time: '2026-01-02t03:04:05z' }, '2026-01-02t03:04:05z'],
    ['a leap second', { time: '2016-12-31T23:59:60Z' }, '2016-12-31T23:59:60Z'],
    ['a time long ago', { time: '0001-01-01T00:00:00Z' }, '0001-01-01T00:00:00Z'],
  ])('appends an event with %s, as it is, and notes when it was received', async (_, changes, time) => {
    const before = new Date().toISOString();
    const { attributes } = await produceFrom(JSON.stringify({ ...event, ...changes }));

    expect(attributes[0]?.['time']).toBe(time);
    expect(String(attributes[0]?.['receivedat']) >= before).toBe(true);
  });

  it.each([
    ['no subject', { subject: undefined }, {}],
    ['unset attributes', { subject: null, partitionkey: null, schemaversion: null, specversion: null }, {}],
    ['JSON of another type', { datacontenttype: 'text/json; charset=utf-8' }, { subject: 'ORDER_003' }],
    ['a schema', { dataschema: 'https://shop.example/order' }, { dataschema: 'https://shop.example/order' }],
    ['extensions', { comexampleext: 7, sampled: true }, { comexampleext: 7, sampled: true }],
    ['a receipt of its own', { receivedat: '9999-01-01T00:00:00.000Z' }, { receivedat: expect.stringMatching(/^2/) }],
  ])('appends an event with %s', async (_, changes, expected) => {
    const { attributes } = await produceFrom(JSON.stringify({ ...event, ...changes }));

    expect(attributes).toMatchObject([expected]);
    expect(Object.keys(attributes[0] ?? {})).not.toContain('data');
  });

  it.each([
    ['an unknown topic', ['orders', '-'], '{}', 'there is no topic orders; public topics: order-commands'],
    ['a topic of a function', ['order-events', '-'], '{}', 'only its own function writes to order-events'],
    ['text that is not JSON', ['order-commands', '-'], '{', 'This is not JSON: '],
    [
      'text that is not UTF-8',
      ['order-commands', '-'],
      Buffer.from('{"id":"Müller"}', 'latin1'),
      'standard input is not UTF-8',
    ],
    [
      'a name twice',
      ['order-commands', '-'],
      '[{"id":"a","id":"b"}]',
      'standard input is not valid at /0/id: this name',
    ],
    [
      'half of a surrogate pair',
      ['order-commands', '-'],
      '{"data":{"a":"\\ud800"}}',
      'standard input is not valid at /data/a',
    ],
    [
      'a number that is rounded',
      ['order-commands', '-'],
      '{"data":[1e400]}',
      'standard input is not valid at /data/0: 1e400',
    ],
    ['a file in Latin-1', ['order-commands', latin1], '', 'latin-1.json is not UTF-8: it is ill-formed at byte 8.'],
    ['a missing file', ['order-commands', join(folder, 'none.json')], '', 'none.json cannot be read: ENOENT'],
    [
      'a missing attribute',
      ['order-commands', '-'],
      JSON.stringify({ ...event, id: undefined }),
      '/id this is missing',
    ],
    [
      'a time in words',
      ['order-commands', '-'],
      JSON.stringify({ ...event, time: 'yesterday' }),
      '/time must be a time',
    ],
    [
      'a day that is none',
      ['order-commands', '-'],
      JSON.stringify({ ...event, time: '2026-02-30T00:00:00Z' }),
      '/time',
    ],
    [
      'data in XML',
      ['order-commands', '-'],
      JSON.stringify({ ...event, datacontenttype: 'text/xml' }),
      '/datacontenttype',
    ],
    ['a missing body', ['order-commands', '-'], JSON.stringify({ ...event, data: undefined }), '/data must be there'],
    [
      'an invalid event among others',
      ['order-commands', '-'],
      JSON.stringify([event, 7]),
      '/1 must be an object, not a number',
    ],
    ['an empty array', ['order-commands', '-'], '[]', '/ must not be empty'],
    [
      'an attribute with another name than CloudEvents has',
      ['order-commands', '-'],
      JSON.stringify({ ...event, orderNo: 7 }),
      '/orderNo is no attribute: a name has lower-case letters and digits alone',
    ],
    [
      'an attribute that would become something else in JavaScript',
      ['order-commands', '-'],
      JSON.stringify([event]).replace('{', '{"__proto__":7,'),
      '/0/__proto__ is no attribute',
    ],
    [
      'an attribute with parts',
      ['order-commands', '-'],
      JSON.stringify({ ...event, customer: { name: 'Ada' } }),
      '/customer must be a text, a number, or true or false',
    ],
  ])('refuses %s and writes nothing', async (_, args, input, message) => {
    await expect(produceFrom(input, args)).rejects.toThrow(message);

    expect(readdirSync(join(folder, `data-${dataDirs}`))).toEqual([]);
  });
});
