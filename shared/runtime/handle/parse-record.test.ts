import { describe, expect, it } from 'vitest';
import type { Message } from '../../core/message.ts';
import type { LogRecord } from '../../ports/message-log.ts';
import { count, probeCatalog } from '../../testing/probe.ts';
import { parseRecord } from './parse-record.ts';

const reader = { inputs: new Set(['ReceiveStock']), catalog: probeCatalog };
const message = { ...count('lamp', 2), source: '/shop' };

function recordOf(
  { data, specversion: _, datacontenttype: __, ...attributes }: Message,
  changes: Readonly<Record<string, unknown>> = {},
): LogRecord {
  const value = JSON.stringify(data);
  return { topic: 'commands', partition: 0, position: 5, attributes: { ...attributes, ...changes }, value };
}

describe('a record of a topic', () => {
  it('becomes the message that was written', () => {
    const record = recordOf({ ...message, traceparent: '00-1-2-01' });

    expect(parseRecord(record, reader)).toEqual({
      kind: 'message',
      message: { ...message, traceparent: '00-1-2-01' },
    });
  });

  it('may leave out attributes that only our own functions set', () => {
    const { id, source, type, time, subject } = message;

    const parsed = parseRecord({ ...recordOf(message), attributes: { id, source, type, time, subject } }, reader);

    expect(parsed).toMatchObject({
      kind: 'message',
      message: { ...message, correlationid: id, causationid: id, partitionkey: 'lamp', schemaversion: 1 },
    });
  });

  it('may have a time of any offset and precision; the message has UTC with milliseconds', () => {
    const times = ['2026-03-01T11:00:00+01:00', '2026-03-01T10:00:00Z', '2026-03-01T10:00:00.000999Z'];

    const parsed = times.map((time) => parseRecord(recordOf(message, { time }), reader));

    expect(parsed.map((one) => one.kind === 'message' && one.message.time)).toEqual(
      times.map(() => '2026-03-01T10:00:00.000Z'),
    );
  });

  it('without a trace becomes a message without a trace', () => {
    const parsed = parseRecord(recordOf(message, { traceparent: null }), reader);

    expect(parsed.kind === 'message' && Object.hasOwn(parsed.message, 'traceparent')).toBe(false);
  });

  it('loses fields unknown to its schema, so that they do not change the fingerprint', () => {
    const value = '{"quantity":2,"name":null,"extra":true,"productId":"lamp"}';

    expect(parseRecord({ ...recordOf(message), value }, reader)).toMatchObject({
      kind: 'message',
      message: { data: { productId: 'lamp', quantity: 2, name: null } },
    });
  });

  it('is skipped when the function does not consume its type, whatever its data', () => {
    expect(parseRecord({ ...recordOf(message), value: 'no JSON' }, { ...reader, inputs: new Set() })).toEqual({
      kind: 'skipped',
    });
  });
});

describe('a record whose attributes say which version of CloudEvents they follow', () => {
  it.each([
    ['1.0', 'message'],
    [null, 'message'],
    ['0.3', 'rejected'],
    ['2.0', 'rejected'],
    ['', 'rejected'],
    [1, 'rejected'],
  ])('%j makes it: %s', (specversion, kind) => {
    expect(parseRecord(recordOf(message, { specversion }), reader).kind).toBe(kind);
  });

  it('is rejected for another one with a sentence', () => {
    expect(parseRecord(recordOf(message, { specversion: '2.0' }), reader)).toEqual({
      kind: 'rejected',
      code: 'unreadable',
      detail: 'specversion: must be 1.0',
    });
  });
});

describe('a record that is not allowed on its topic', () => {
  it.each([
    ['by a function that consumes it', reader.inputs],
    ['by one that does not', new Set<string>()],
  ])('is rejected %s', (_, inputs) => {
    const record = recordOf(message);

    expect(parseRecord(record, { inputs, catalog: { ...probeCatalog, isAllowedOnTopic: () => false } })).toEqual({
      kind: 'rejected',
      code: 'not_allowed',
      detail: 'ReceiveStock of /shop is not allowed on commands',
    });
  });

  it('is rejected as unreadable when its source cannot be kept', () => {
    const catalog = { ...probeCatalog, isAllowedOnTopic: () => false };

    expect(parseRecord(recordOf(message, { source: '/\ud800' }), { ...reader, catalog })).toMatchObject({
      kind: 'rejected',
      code: 'unreadable',
    });
  });
});

const ILL_FORMED = 'it holds U+0000 or half of a surrogate pair';

describe('a record that cannot be handled', () => {
  it.each([
    ['has no id', recordOf(message, { id: undefined }), 'unreadable', 'id: this is missing'],
    ['has an empty source', recordOf(message, { source: '' }), 'unreadable', 'source: must not be empty'],
    [
      'has an id of 300 characters',
      recordOf(message, { id: 'x'.repeat(300) }),
      'unreadable',
      'id: must have at most 256 characters',
    ],
    ['has a number as its id', recordOf(message, { id: 7 }), 'unreadable', 'id: must be a string, not a number'],
    ['has half of a surrogate pair in its id', recordOf(message, { id: 'a\ud800' }), 'unreadable', `id: ${ILL_FORMED}`],
    ['has U+0000 in its subject', recordOf(message, { subject: 'a\0' }), 'unreadable', `subject: ${ILL_FORMED}`],
    ['has U+0000 in its trace', recordOf(message, { traceparent: '\0' }), 'unreadable', `traceparent: ${ILL_FORMED}`],
    [
      'has a time in another format',
      recordOf(message, { time: 'yesterday' }),
      'unreadable',
      'time: must be a time of RFC 3339',
    ],
    [
      'has data that is not JSON',
      { ...recordOf(message), value: '{"quantity":' },
      'unreadable',
      'the data is not JSON',
    ],
    [
      'breaks its schema',
      { ...recordOf(message), value: '{"productId":"lamp","quantity":-1}' },
      'unreadable',
      'quantity: must be at least 1',
    ],
    ['has an unknown type', recordOf(message, { type: 'StockStolen' }), 'unknown_type', 'no message type StockStolen'],
    [
      'has an inherited type',
      recordOf(message, { type: 'constructor' }),
      'unknown_type',
      'no message type constructor',
    ],
    [
      'has a newer version',
      recordOf(message, { schemaversion: 2 }),
      'newer_version',
      'version 2 of ReceiveStock; the newest known is 1',
    ],
  ])('is rejected when it %s', (_, record, code, detail) => {
    expect(parseRecord(record, reader)).toEqual({ kind: 'rejected', code, detail: expect.stringContaining(detail) });
  });
});
