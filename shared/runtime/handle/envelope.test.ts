import { describe, expect, it } from 'vitest';
import { count } from '../../testing/probe.ts';
import { messageOf, readEnvelope } from './envelope.ts';

const { data, ...whole } = count('a', 1);

const values = [
  undefined,
  null,
  '',
  'x',
  'x'.repeat(256),
  'x'.repeat(257),
  0,
  1,
  2,
  1.5,
  -1,
  2 ** 53,
  Number.NaN,
  true,
  {},
  ['x'],
  '2026-03-01T10:00:00.000Z',
  '2024-02-29T23:59:59.999Z',
  '2026-02-29T10:00:00.000Z',
  '2026-04-31T10:00:00.000Z',
  '2026-13-01T10:00:00.000Z',
  '2026-03-01T24:00:00.000Z',
  '2026-03-01T10:60:00.000Z',
  '2026-03-01T10:00:60.000Z',
  '2026-03-01 10:00:00.000Z',
  '2026-03-01T10:00:00.000Z\n',
  '2026-03-01T10:00:00.0Z',
  '2026-03-01T10:00:00Z',
  '2026-03-01T12:00:00.000+02:00',
];

/** The same attributes, said in a way of which only the schema knows. */
function leftToTheSchema(attributes: Readonly<Record<string, unknown>>) {
  return 'traceparent' in attributes ? { ...attributes, partitionkey: null } : { ...attributes, traceparent: null };
}

describe('an envelope', () => {
  it.each(
    [...Object.keys(whole), 'traceparent'].flatMap((attribute) => values.map((value) => [attribute, value] as const)),
  )('with the %s %j is read by hand as by its schema', (attribute, value) => {
    const attributes = { ...whole, [attribute]: value };

    expect(readEnvelope(attributes)).toEqual(readEnvelope(leftToTheSchema(attributes)));
  });

  it('is the one of the message that was written', () => {
    const traced = { ...whole, traceparent: '00-1-2-01' };
    const envelope = readEnvelope({ ...traced, more: 'that nobody knows' });

    expect('error' in envelope || messageOf(envelope, data)).toEqual({ ...traced, data });
  });
});
