import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRecord } from '../../runtime/handle/parse-record.ts';
import { count, probe } from '../../testing/probe.ts';
import { EVENT_HEADERS, proofOf, readEvent, structuredEvent } from './event-format.ts';
import type { KafkaRecord } from './kafka-client.ts';

const RECEIVED_MS = Date.parse('2026-03-01T12:00:00.000Z');
const received = { receivedat: '2026-03-01T12:00:00.000Z' };

function recordOf(value: string | Buffer | null, headers: Readonly<Record<string, string | Buffer>> = {}): KafkaRecord {
  return {
    offset: 7,
    timestampMs: RECEIVED_MS,
    value: typeof value === 'string' ? Buffer.from(value) : value,
    headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)])),
  };
}

function codeOf(record: KafkaRecord): string {
  const { sent: _, ...read } = readEvent(record, null);
  const whole = { topic: 'probe-commands', partition: 0, position: 8, ...read };
  const parsed = parseRecord(whole, probe);
  return parsed.kind === 'rejected' ? parsed.code : parsed.kind;
}

describe('a message in a record', () => {
  const attributes = '{"specversion":"1.0","id":"m-1","source":"/order","type":"Placed"}';
  const data = '{"price":1.50,"name":"Straße \\u0000"}';

  it('is an event of CloudEvents, and comes back as it was stored', () => {
    const text = structuredEvent(attributes, data, null);

    expect(JSON.parse(text)).toEqual({ ...JSON.parse(attributes), data: JSON.parse(data) });
    expect(readEvent(recordOf(text, EVENT_HEADERS), 'order')).toEqual({
      attributes: JSON.parse(attributes),
      value: data,
    });
  });

  it('says which message of an outbox it is, and who sent it, apart from its attributes', () => {
    const sent = { token: 1_764_201_600_000, epoch: '00ff', position: 3 };
    const record = recordOf(structuredEvent(attributes, data, sent), EVENT_HEADERS);

    expect(readEvent(record, 'order')).toEqual({ attributes: JSON.parse(attributes), value: data, sent });
  });

  it.each([
    ['another source', 'inventory', '"7"', '"00ff"', '"1"'],
    ['no token', 'order', 'null', '"00ff"', '"1"'],
    ['a token that is no count', 'order', '"1e400"', '"00ff"', '"1"'],
    ['no epoch', 'order', '"7"', 'null', '"1"'],
    ['an endless epoch', 'order', '"7"', JSON.stringify('f'.repeat(65)), '"1"'],
    ['a position that is no count', 'order', '"7"', '"00ff"', '-1'],
  ])('says nothing about sends with %s', (_, writer, token, epoch, position) => {
    const marks = `"relaytoken":${token},"outboxepoch":${epoch},"outboxposition":${position}`;
    const text = `${attributes.slice(0, -1)},${marks},"data":1}`;

    expect(readEvent(recordOf(text), writer)).toEqual({ attributes: JSON.parse(attributes), value: '1' });
  });

  it('of a public topic says nothing about sends, and when the broker received it', () => {
    const text = structuredEvent(attributes, data, { token: 7, epoch: '00ff', position: 1 });
    const read = readEvent(recordOf(text), null);

    expect([read.sent, read.attributes['receivedat']]).toEqual([undefined, received.receivedat]);
  });
});

describe('a record of another client', () => {
  it('in the binary mode is read', () => {
    const headers = {
      ce_id: 'm-1',
      ce_source: '/shop/ü',
      ce_schemaversion: '2',
      'content-type': 'application/json',
      other: 'x',
    };

    expect(readEvent(recordOf('{"n": 1.0}', headers), null)).toEqual({
      attributes: {
        id: 'm-1',
        source: '/shop/ü',
        schemaversion: 2,
        datacontenttype: 'application/json',
        ...received,
      },
      value: '{"n": 1.0}',
    });
  });

  it('without a content type is read as structured, with the data as they were written', () => {
    const text = '{ "data" : {"n": 1.0, "n": 2}, "id":"m-1" }';

    expect(readEvent(recordOf(text), null)).toEqual({
      attributes: { id: 'm-1', ...received },
      value: '{"n": 1.0, "n": 2}',
    });
  });

  it('with its data in base64 is read', () => {
    const text = JSON.stringify({ id: 'm-1', data_base64: Buffer.from('{"n":1}').toString('base64') });

    expect(readEvent(recordOf(text), null)).toEqual({ attributes: { id: 'm-1', ...received }, value: '{"n":1}' });
  });

  it('that is a command is one for the function', () => {
    const { data, ...attributes } = count('a', 1);

    expect(codeOf(recordOf(structuredEvent(JSON.stringify(attributes), JSON.stringify(data), null)))).toBe('message');
  });

  const notText = Buffer.from([0x7b, 0xff, 0xfe]);
  it.each<readonly [string, KafkaRecord, object, string]>([
    ['no value', recordOf(null), {}, ''],
    ['no bytes', recordOf(''), { raw: '' }, ''],
    ['bytes that are no text', recordOf(notText), { raw_base64: notText.toString('base64') }, ''],
    ['truncated JSON', recordOf('{"id":"a","data":{"n"'), { raw: '{"id":"a","data":{"n"' }, ''],
    ['JSON that is no object', recordOf('[1]'), { raw: '[1]' }, ''],
    ['U+0000', recordOf('\0'), { raw: '\0' }, ''],
    ['data that are there twice', recordOf('{"data":1,"data":2}'), { raw: '{"data":1,"data":2}' }, ''],
    ['data that are no JSON', recordOf('{"id":"a","data":oops}'), { id: 'a' }, 'oops'],
    ['no data', recordOf('{"id":"a"}'), { id: 'a' }, ''],
    ['binary data that are no text', recordOf(notText, { ce_id: 'a' }), { id: 'a', data_base64: 'e//+' }, ''],
    ['binary mode and no value', recordOf(null, { ce_id: 'a' }), { id: 'a' }, ''],
    [
      'a header that is no text',
      recordOf('1', { ce_id: notText }),
      { raw_base64: Buffer.concat([Buffer.from('ce_id: '), notText, Buffer.from('\n')]).toString('base64') },
      '1',
    ],
  ])('with %s keeps what it has, and is unreadable', (_, record, attributes, value) => {
    expect(readEvent(record, null)).toEqual({ attributes: { ...attributes, ...received }, value });
    expect(codeOf(record)).toBe('unreadable');
  });

  it('never stops its reader, whatever its bytes', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.json().map((text) => Buffer.from(text)),
    );
    const headers = fc.dictionary(fc.constantFrom('ce_id', 'ce_data', 'ce___proto__', 'content-type'), bytes);
    fc.assert(
      fc.property(fc.option(bytes), headers, fc.integer(), (value, given, timestampMs) => {
        const flat = Object.fromEntries(Object.entries(given).map(([name, each]) => [name, Buffer.from(each)]));
        const record = { ...recordOf(value === null ? null : Buffer.from(value), {}), headers: flat, timestampMs };
        const read = readEvent(record, null);
        expect(typeof read.value).toBe('string');
        expect(JSON.parse(JSON.stringify(read.attributes))).toEqual({ ...read.attributes });
        expect(proofOf(record, read.attributes).length).toBeGreaterThan(0);
      }),
    );
  });
});

describe('the proof of a record', () => {
  it('is its id, or else tells its bytes from others', () => {
    const proof = (value: string | null, attributes = {}) => proofOf(recordOf(value), attributes);

    expect(proof('1', { id: 'm-1' })).toBe('m-1');
    for (const id of ['', 'a\0b', 'x'.repeat(257), 5]) expect(proof('1', { id })).toMatch(/^[0-9a-f]{12}$/);
    expect(new Set([proof('1'), proof('2'), proof(null)]).size).toBe(3);
  });
});
