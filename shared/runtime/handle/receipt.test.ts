import { describe, expect, it } from 'vitest';
import type { LogRecord } from '../../ports/message-log.ts';
import { count, probeCatalog } from '../../testing/probe.ts';
import { parseRecord } from './parse-record.ts';
import { receiptOf, receivedWhen, withReceipt } from './receipt.ts';

const NOW = '2026-03-01T12:00:00.000Z';
const EARLIER = '2026-03-01T11:00:00.000Z';
const LATER = '2026-03-01T13:00:00.000Z';
const catalog = { ...probeCatalog, publicTopics: new Set(['commands']) };
const reader = { inputs: new Set(['ReceiveStock']), catalog };
const { data, time: _, ...untimed } = { ...count('lamp', 2), source: '/shop' };

function recordOf(topic: string, changes: Readonly<Record<string, unknown>>): LogRecord {
  return { topic, partition: 0, position: 5, attributes: { ...untimed, ...changes }, value: JSON.stringify(data) };
}

/** The times of the message in a record that is handled now. */
function timesOf(record: LogRecord) {
  const parsed = parseRecord(record, reader);
  if (parsed.kind !== 'message') throw new Error(JSON.stringify(parsed));
  const { time, requestedat } = receivedWhen(parsed.message, receiptOf(record, catalog, NOW));
  return [time, requestedat];
}

describe('a record of a public topic', () => {
  it.each([
    ['no time and no note', {}, [NOW, undefined]],
    ['a time and no note', { time: LATER }, [NOW, LATER]],
    ['a time and a note', { time: LATER, receivedat: EARLIER }, [EARLIER, LATER]],
    ['a note alone', { time: null, receivedat: EARLIER }, [EARLIER, undefined]],
    ['a note of the future', { receivedat: LATER }, [NOW, undefined]],
    ['a note that is no time', { receivedat: 'yesterday' }, [NOW, undefined]],
    ['a claim of its own', { requestedat: EARLIER, receivedat: EARLIER }, [EARLIER, undefined]],
  ])('is a message of its receipt, with what its sender claims: %s', (__, changes, expected) => {
    expect(timesOf(recordOf('commands', changes))).toEqual(expected);
  });

  it('keeps the time of its receipt where it is stored', () => {
    const record = recordOf('commands', {});
    const stored = withReceipt(record, receiptOf(record, catalog, EARLIER));

    expect(timesOf(stored)).toEqual([EARLIER, undefined]);
    expect(withReceipt(stored, receiptOf(stored, catalog, NOW))).toBe(stored);
  });

  it('is about what its data name when it has no subject', () => {
    const parsed = parseRecord(recordOf('commands', { subject: null, partitionkey: undefined }), reader);

    expect(parsed).toMatchObject({ kind: 'message', message: { subject: 'lamp', partitionkey: 'lamp' } });
  });

  it('is rejected when neither its subject nor its data say what it is about', () => {
    const nameless = { ...reader, catalog: { ...catalog, subjectFields: ['orderId'] } };

    expect(parseRecord(recordOf('commands', { subject: undefined }), nameless)).toEqual({
      kind: 'rejected',
      code: 'unreadable',
      detail: 'it has no subject, and its data have none of orderId',
    });
  });
});

describe('a record of a function', () => {
  it('has the time that the function gave it, and no other', () => {
    expect(timesOf(recordOf('events', { time: LATER, receivedat: EARLIER, requestedat: EARLIER }))).toEqual([
      LATER,
      undefined,
    ]);
  });

  it('without a time has the time at which it is read', () => {
    expect(timesOf(recordOf('events', {}))).toEqual([NOW, undefined]);
  });
});
