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

  it('may leave out what only our own functions know', () => {
    const { id, source, type, time, subject } = message;

    const received = parseRecord({ ...recordOf(message), attributes: { id, source, type, time, subject } }, reader);

    expect(received).toMatchObject({
      kind: 'message',
      message: { ...message, correlationid: id, causationid: id, partitionkey: 'lamp', schemaversion: 1 },
    });
  });

  it('may tell the time with an offset and any precision; inside it is UTC with milliseconds', () => {
    const times = ['2026-03-01T11:00:00+01:00', '2026-03-01T10:00:00Z', '2026-03-01T10:00:00.000999Z'];

    const received = times.map((time) => parseRecord(recordOf(message, { time }), reader));

    expect(received.map((one) => one.kind === 'message' && one.message.time)).toEqual(
      times.map(() => '2026-03-01T10:00:00.000Z'),
    );
  });

  it('has no trace when nobody traces', () => {
    const received = parseRecord(recordOf(message, { traceparent: null }), reader);

    expect(received.kind === 'message' && Object.hasOwn(received.message, 'traceparent')).toBe(false);
  });

  it('loses fields that its schema does not know, so that they do not change the fingerprint', () => {
    const value = '{"quantity":2,"name":null,"extra":true,"productId":"lamp"}';

    expect(parseRecord({ ...recordOf(message), value }, reader)).toMatchObject({
      kind: 'message',
      message: { data: { productId: 'lamp', quantity: 2, name: null } },
    });
  });

  it('is skipped when it is none of this function’s business, whatever is in it', () => {
    expect(parseRecord({ ...recordOf(message), value: 'no JSON' }, { ...reader, inputs: new Set() })).toEqual({
      kind: 'skipped',
    });
  });
});

describe('a record that may not stand in its topic', () => {
  it.each([
    ['for a function that answers to it', reader.inputs],
    ['for one that does not', new Set<string>()],
  ])('is set aside %s', (_, inputs) => {
    const record = recordOf(message);

    expect(parseRecord(record, { inputs, catalog: { ...probeCatalog, isAllowedOnTopic: () => false } })).toEqual({
      kind: 'rejected',
      code: 'not_allowed',
      detail: 'ReceiveStock of /shop is not allowed on commands',
    });
  });
});

describe('a record that nobody can handle', () => {
  it.each([
    ['has no id', recordOf(message, { id: undefined }), 'unreadable', '→ at id'],
    ['has an empty source', recordOf(message, { source: '' }), 'unreadable', '→ at source'],
    ['has an id of 300 characters', recordOf(message, { id: 'x'.repeat(300) }), 'unreadable', '→ at id'],
    ['tells the time in its own way', recordOf(message, { time: 'yesterday' }), 'unreadable', '→ at time'],
    ['is of no JSON', { ...recordOf(message), value: '{"quantity":' }, 'unreadable', 'the data is not JSON'],
    [
      'breaks its schema',
      { ...recordOf(message), value: '{"productId":"lamp","quantity":-1}' },
      'unreadable',
      'quantity',
    ],
    ['is of no known type', recordOf(message, { type: 'StockStolen' }), 'unknown_type', 'no message type StockStolen'],
    [
      'is of an inherited type',
      recordOf(message, { type: 'constructor' }),
      'unknown_type',
      'no message type constructor',
    ],
    [
      'is of a newer version',
      recordOf(message, { schemaversion: 2 }),
      'newer_version',
      'version 2 of ReceiveStock; the newest known is 1',
    ],
  ])('is kept whole for a person when it %s', (_, record, code, detail) => {
    expect(parseRecord(record, reader)).toEqual({ kind: 'rejected', code, detail: expect.stringContaining(detail) });
  });
});
