import { describe, expect, it } from 'vitest';
import type { KafkaAdmin, NewTopic, TopicState } from './kafka-client.ts';
import { ensureTopics, MESSAGE_BYTES_MAX, type TopicRules } from './topics.ts';

const DAY_MS = 86_400_000;

const rules: TopicRules = { names: ['order-events'], partitions: 6, retentionMs: 7 * DAY_MS, create: true };

const fitting: TopicState = {
  partitions: 6,
  config: {
    'cleanup.policy': 'delete',
    'compression.type': 'uncompressed',
    'message.timestamp.type': 'LogAppendTime',
    'max.message.bytes': String(MESSAGE_BYTES_MAX),
    'retention.ms': String(7 * DAY_MS),
    'segment.ms': String(DAY_MS),
    'unclean.leader.election.enable': 'false',
  },
};

/** A cluster of that many brokers with these topics; what is made comes into `made`. */
function cluster(topics: Readonly<Record<string, TopicState>>, brokers = 1) {
  const made: NewTopic[] = [];
  const admin: KafkaAdmin = {
    brokers: async () => brokers,
    createTopic: async (topic) => {
      made.push(topic);
    },
    topic: async (name) => topics[name] ?? null,
    ends: async () => [],
    offsetsAt: async () => [],
    groupOffsets: async () => [],
  };
  return { admin, made };
}

function changed(config: Readonly<Record<string, string>>): Record<string, TopicState> {
  return { 'order-events': { ...fitting, config: { ...fitting.config, ...config } } };
}

describe('the topics of the store', () => {
  it('are made where they are missing, so that every reader can rely on them', async () => {
    const { admin, made } = cluster({});
    await ensureTopics(admin, rules);

    expect(made).toEqual([
      {
        name: 'order-events',
        partitions: 6,
        replicas: 1,
        config: { ...fitting.config, 'min.insync.replicas': '1' },
      },
    ]);
  });

  it.each([
    [2, 2, '1'],
    [3, 3, '2'],
    [5, 3, '2'],
  ])('have, on %i brokers, %i replicas, of which %s have to be in sync', async (brokers, replicas, inSync) => {
    const { admin, made } = cluster({}, brokers);
    await ensureTopics(admin, rules);

    expect(made).toMatchObject([{ replicas, config: { 'min.insync.replicas': inSync } }]);
  });

  it('are left alone where they fit, also with a shorter retention', async () => {
    for (const config of [{}, { 'retention.ms': String(DAY_MS) }]) {
      const { admin, made } = cluster(changed(config));
      await ensureTopics(admin, rules);

      expect(made).toEqual([]);
    }
  });

  it('are asked for where they are missing and may not be made', async () => {
    const { admin, made } = cluster({});

    await expect(ensureTopics(admin, { ...rules, create: false })).rejects.toThrow(
      'KAFKA_CREATE_TOPICS: the topic order-events is missing: make it with 6 partitions',
    );
    expect(made).toEqual([]);
  });

  it('are refused with another number of partitions, with the way to go on', async () => {
    const { admin } = cluster({ 'order-events': { ...fitting, partitions: 3 } });

    await expect(ensureTopics(admin, rules)).rejects.toMatchObject({
      setting: 'KAFKA_PARTITIONS',
      message: expect.stringContaining(
        'set it to 3; or stop what writes, let every reader come to the end, delete the topic and start again',
      ),
    });
  });

  it.each([
    [{ 'retention.ms': '-1' }, 'LOG_RETENTION_DAYS', 'for ever'],
    [{ 'retention.ms': String(8 * DAY_MS) }, 'LOG_RETENTION_DAYS', `for ${8 * DAY_MS} ms`],
    [{ 'message.timestamp.type': 'CreateTime' }, 'KAFKA_TOPIC_PREFIX', 'message.timestamp.type=CreateTime'],
    [{ 'cleanup.policy': 'compact' }, 'KAFKA_TOPIC_PREFIX', 'cleanup.policy=compact'],
    [{ 'compression.type': 'producer' }, 'KAFKA_TOPIC_PREFIX', 'compression.type=producer'],
    [{ 'max.message.bytes': '1000' }, 'KAFKA_TOPIC_PREFIX', 'takes at most 1000 bytes'],
  ])('are refused with %j', async (config, setting, text) => {
    const { admin } = cluster(changed(config));

    await expect(ensureTopics(admin, rules)).rejects.toMatchObject({ setting, message: expect.stringContaining(text) });
  });
});
