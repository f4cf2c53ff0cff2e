import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Message } from '../../core/message.ts';
import { attributesOf, compactAttributes, compactMessage, messageOf } from './compact-message.ts';

const text = fc.string({ unit: 'binary' });

/** A message with any text where a text belongs; the optional attributes are there or not. */
const messages: fc.Arbitrary<Message> = fc.record(
  {
    specversion: fc.constant('1.0' as const),
    id: text,
    source: text,
    type: text,
    time: text,
    subject: text,
    datacontenttype: fc.constant('application/json' as const),
    partitionkey: text,
    correlationid: text,
    causationid: text,
    schemaversion: fc.nat(),
    traceparent: text,
    requestedat: text,
    data: fc.array(fc.oneof(fc.nat(), text, fc.array(text))),
  },
  { requiredKeys: requiredKeys(), noNullPrototype: true },
);

function requiredKeys() {
  return [
    ...(['specversion', 'id', 'source', 'type', 'time', 'subject', 'datacontenttype', 'partitionkey'] as const),
    ...(['correlationid', 'causationid', 'schemaversion', 'data'] as const),
  ];
}

function stored(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

describe('a compact message', () => {
  it('is the message that was stored', () => {
    fc.assert(
      fc.property(messages, fc.boolean(), (drawn, isKeySubject) => {
        const message = isKeySubject ? { ...drawn, partitionkey: drawn.subject } : drawn;
        const { data, ...attributes } = message;

        expect(messageOf(stored(compactMessage(message)))).toStrictEqual(message);
        expect(attributesOf(stored(compactAttributes(message)))).toStrictEqual(attributes);
      }),
    );
  });

  it('can be read in the former form, an object with names', () => {
    fc.assert(
      fc.property(messages, (message) => {
        expect(messageOf(stored(message))).toStrictEqual(message);
        expect(attributesOf(stored(message))).toStrictEqual(message);
      }),
    );
  });

  it.each([null, 7, 'text', true, [], ['id', '/source', 'Type']])('is not in %j', (value) => {
    expect(attributesOf(value)).toBeNull();
  });
});
