import { describe, expect, it } from 'vitest';
import type { LogClaim } from '../../ports/log-claims.ts';
import type { GroupOffset, KafkaAdmin } from './kafka-client.ts';
import { assertOwn } from './ownership.ts';

const claim: LogClaim = {
  reader: 'order',
  consumes: ['inventory-events', 'order-commands'],
  publishes: 'order-events',
  owner: 'own',
  isNew: false,
};

/** A cluster on which the group noted this beside its positions in each topic, and the topic of order has so many messages. */
function assertOnCluster(given: Partial<LogClaim>, notes: readonly string[], messages = 0): Promise<void> {
  const admin: Pick<KafkaAdmin, 'groupOffsets' | 'ends'> = {
    groupOffsets: async (_, topic): Promise<readonly GroupOffset[]> => {
      const note = notes[claim.consumes.indexOf(topic)];
      return [{ partition: 0, offset: note === undefined ? null : 0, note: note ?? '' }];
    },
    ends: async () => [{ partition: 0, low: 7, high: 7 + messages }],
  };
  return assertOwn(admin, { prefix: 'shop.', groupId: 'saga-store.order' }, { ...claim, ...given });
}

describe('topics and group', () => {
  it.each([
    ['a new store on new topics', { isNew: true }, [], 0],
    ['a new store on topics whose messages are pruned', { isNew: true }, [], 0],
    ['a store that was stopped', {}, ['own', 'own'], 5],
    ['data that are restored from before their first message', { isNew: true }, ['own'], 5],
    ['a store whose group the broker has forgotten', {}, [], 5],
    ['a store whose group was noted by an older release', {}, ['', ''], 5],
    ['a new function that only reads', { isNew: true, publishes: null }, [], 5],
  ] as const)('are taken for %s', async (_, given, notes, messages) => {
    await expect(assertOnCluster(given, notes, messages)).resolves.toBeUndefined();
  });

  it.each([
    ['of a store that has read them', {}, ['other']],
    ['of two stores that have read them at once', {}, ['own', 'other']],
    ['of another store, also for new data', { isNew: true }, ['other']],
  ] as const)('%s are refused', async (_, given, notes) => {
    await expect(assertOnCluster(given, notes)).rejects.toMatchObject({
      setting: 'KAFKA_TOPIC_PREFIX',
      message: expect.stringContaining(
        'the group shop.saga-store.order reads for the data of another store: set it to',
      ),
    });
  });

  it('with messages that new data cannot have published are refused', async () => {
    await expect(assertOnCluster({ isNew: true }, [], 1)).rejects.toMatchObject({
      setting: 'KAFKA_TOPIC_PREFIX',
      message: expect.stringContaining('the topic shop.order-events has messages, and the data of order are new'),
    });
  });
});
