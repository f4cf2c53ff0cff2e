import { expect, it } from 'vitest';
import { parseRecord } from '../shared/runtime/handle/parse-record.ts';
import { catalog } from './catalog.ts';
import { placeOrder } from './examples.ts';

it.each([
  ['of a type that its topic does not hold', 'order-commands', { type: 'ExpireOrder', source: '/import' }],
  ['in the name of a function', 'order-commands', { source: '/order' }],
  ['of a function that does not write the topic', 'order-events', { type: 'OrderPlaced', source: '/inventory' }],
])('a message %s is rejected', (_, topic, changes) => {
  const { data, ...attributes } = placeOrder({ lamp: 1 });
  const record = {
    topic,
    partition: 0,
    position: 1,
    attributes: { ...attributes, ...changes },
    value: JSON.stringify(data),
  };

  expect(parseRecord(record, { inputs: new Set(), catalog })).toMatchObject({ kind: 'rejected', code: 'not_allowed' });
});

it.each(['XAU', 'HRK', 'EUX'])('an order in %s is rejected as unreadable', (currency) => {
  const { data, ...attributes } = placeOrder({ lamp: 1 });
  const record = {
    topic: 'order-commands',
    partition: 0,
    position: 1,
    attributes: { ...attributes, source: '/import' },
    value: JSON.stringify({ ...data, currency }),
  };

  expect(parseRecord(record, { inputs: new Set(['PlaceOrder']), catalog })).toMatchObject({
    code: 'unreadable',
    detail: expect.stringContaining(`${currency} `),
  });
});

it('an order whose total is not a safe integer is rejected as unreadable', () => {
  const { data, ...attributes } = placeOrder({ lamp: 1_000_000 }, { priceMinor: Number.MAX_SAFE_INTEGER });
  const topic = 'order-commands';
  const record = {
    topic,
    partition: 0,
    position: 1,
    attributes: { ...attributes, source: '/import' },
    value: JSON.stringify(data),
  };

  expect(parseRecord(record, { inputs: new Set(['PlaceOrder']), catalog })).toEqual({
    kind: 'rejected',
    code: 'unreadable',
    detail: expect.stringContaining('the total is too large'),
  });
});
