import { expect, it } from 'vitest';
import { readEvent } from './event-format.ts';
import { flatHeaders } from './record-headers.ts';

it.each([
  ['a text', 'one', 'one'],
  ['bytes', Buffer.from('one'), 'one'],
  ['several values', [Buffer.from('one'), 'two'], 'two'],
  ['a null at last', [Buffer.from('one'), null], undefined],
  ['a null at first', [null, Buffer.from('two')], 'two'],
  ['null', null, undefined],
  ['nothing', undefined, undefined],
  ['no values', [], undefined],
])('a header of %s has one value, or is not there', (_, value, expected) => {
  expect(flatHeaders({ name: value })).toEqual(expected === undefined ? {} : { name: Buffer.from(expected) });
});

it('a record whose header ends with null can be read', () => {
  const headers = flatHeaders({ ce_type: [Buffer.from('a'), null], ce_id: 'm' });
  const { attributes } = readEvent({ offset: 0, timestampMs: 0, value: Buffer.from('{}'), headers }, null);

  expect(attributes).toMatchObject({ id: 'm' });
  expect(attributes).not.toHaveProperty('type');
});
