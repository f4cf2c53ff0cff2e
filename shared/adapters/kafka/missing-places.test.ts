import { describe, expect, it } from 'vitest';
import type { SentPlace } from '../../ports/relayed.ts';
import { structuredEvent } from './event-format.ts';
import { missingPlaces } from './missing-places.ts';

const OWN = { topic: 'events', writer: 'order' };

function record(offset: number, position: number, epoch = 'first', source = '/order') {
  const attributes = JSON.stringify({ id: `message ${position}`, source });
  const value = Buffer.from(structuredEvent(attributes, '{}', { token: 7, epoch, position }));
  return { offset, timestampMs: 0, value, headers: { 'content-type': Buffer.from('application/cloudevents+json') } };
}

/** A topic of one partition, which begins at `low` and ends before `high`. */
function topic(records: readonly ReturnType<typeof record>[], low = 0, high = low + records.length) {
  return {
    ends: async () => [{ partition: 0, low, high }],
    records: async (_lane: object, offset: number) => {
      const found = records.filter((each) => each.offset >= offset);
      return { records: found, next: (found.at(-1)?.offset ?? offset - 1) + 1 };
    },
  };
}

function sentTo(offset: number, position: number, epoch = 'first'): SentPlace {
  return { partition: 0, offset, epoch, position };
}

describe('a message that was sent to Kafka', () => {
  it.each([
    ['it lies in its place', topic([record(0, 1), record(1, 2)]), sentTo(1, 2)],
    ['other records lie behind it', topic([record(0, 1), record(1, 2)]), sentTo(0, 1)],
    ['it was pruned', topic([record(5, 9)], 5), sentTo(4, 2)],
    ['all of its partition was pruned', topic([], 5), sentTo(4, 2)],
  ])('is not missing where %s', async (_, admin, place) => {
    expect(await missingPlaces(admin, OWN, [place])).toEqual([]);
  });

  it.each([
    ['its partition ends before', topic([record(0, 1)]), sentTo(1, 2)],
    ['its partition is not there', topic([record(0, 1)]), { ...sentTo(0, 1), partition: 1 }],
    ['its place has a message of another position', topic([record(0, 2)]), sentTo(0, 1)],
    ['its place has a message of another epoch', topic([record(0, 1, 'second')]), sentTo(0, 1)],
    ['its place has a message of another writer', topic([record(0, 1, 'first', '/other')]), sentTo(0, 1)],
    ['its place has no record for readers', topic([record(1, 1)], 0, 2), sentTo(0, 1)],
  ])('is missing where %s', async (_, admin, place) => {
    expect(await missingPlaces(admin, OWN, [place])).toEqual([place]);
  });

  it('is not called missing where the broker does not say what lies in its place', async () => {
    const asked = missingPlaces(topic([], 0, 2), OWN, [sentTo(0, 1)]);

    await expect(asked).rejects.toMatchObject({ code: 'unavailable' });
  });
});
