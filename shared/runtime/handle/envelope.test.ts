import fc from 'fast-check';
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

/** The same attributes, in a form that only the schema reads. */
function leftToTheSchema(attributes: Readonly<Record<string, unknown>>) {
  return 'traceparent' in attributes ? { ...attributes, partitionkey: null } : { ...attributes, traceparent: null };
}

const attributes = [...Object.keys(whole), 'traceparent'];
/** With a trace, the schema is reached by leaving out the partition key, which then is the subject. */
const isComparable = (changes: object) =>
  !('traceparent' in changes && ('partitionkey' in changes || 'subject' in changes));
const anyValue = fc.oneof(
  fc.constantFrom(...values),
  fc.string({ maxLength: 300 }),
  fc.double(),
  fc.date().map(String),
);

describe('an envelope', () => {
  it('is read by hand as by its schema: each attribute with each edge value, and any attributes with any values', () => {
    const isSame = (changes: Readonly<Record<string, unknown>>) => {
      const changed = { ...whole, ...changes };
      expect(readEnvelope(changed), JSON.stringify(changes)).toEqual(readEnvelope(leftToTheSchema(changed)));
    };

    for (const attribute of attributes) for (const value of values) isSame({ [attribute]: value });
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...attributes), anyValue, { maxKeys: 4 }).filter(isComparable), isSame),
      {
        numRuns: 500,
      },
    );
  });

  it('equals that of the written message', () => {
    const traced = { ...whole, traceparent: '00-1-2-01' };
    const envelope = readEnvelope({ ...traced, more: 'an unknown attribute' });

    expect('error' in envelope || messageOf(envelope, envelope.schemaversion, data)).toEqual({ ...traced, data });
  });
});
