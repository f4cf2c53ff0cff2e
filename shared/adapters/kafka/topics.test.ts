import { describe, expect, it } from 'vitest';
import type { KafkaAdmin, NewTopic, TopicState } from './kafka-client.ts';
import { ensureTopics, MESSAGE_BYTES_MAX, type TopicRules } from './topics.ts';

const DAY_MS = 86_400_000;

const rules: TopicRules = {
  names: ['order-events'],
  partitions: 6,
  replicas: null,
  retentionMs: 7 * DAY_MS,
  create: true,
};

const fitting: TopicState = {
  partitions: 6,
  replicas: 1,
  config: {
    'cleanup.policy': 'delete',
    'compression.type': 'uncompressed',
    'message.timestamp.type': 'LogAppendTime',
    'max.message.bytes': String(MESSAGE_BYTES_MAX),
    'retention.ms': String(7 * DAY_MS),
    'retention.bytes': '-1',
    'segment.ms': String(DAY_MS),
    'unclean.leader.election.enable': 'false',
    'min.insync.replicas': '1',
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
    records: async (_, offset) => ({ records: [], next: offset }),
    groupOffsets: async () => [],
  };
  return { admin, made };
}

function changed(config: Readonly<Record<string, string>>): Record<string, TopicState> {
  return { 'order-events': { ...fitting, config: { ...fitting.config, ...config } } };
}

/** The topic that an operator makes who follows the sentence: the rest is as Kafka has it by itself. */
function madeByHand(sentence: string): TopicState {
  const countOf = (noun: string) => Number(new RegExp(`(\\d+) ${noun}`).exec(sentence)?.[1] ?? 1);
  const config = {
    'cleanup.policy': 'delete',
    'compression.type': 'producer',
    'message.timestamp.type': 'CreateTime',
    'max.message.bytes': '1048588',
    'retention.ms': String(7 * DAY_MS),
    'retention.bytes': '-1',
    'segment.ms': String(7 * DAY_MS),
    'unclean.leader.election.enable': 'false',
    'min.insync.replicas': '1',
    ...Object.fromEntries([...sentence.matchAll(/([a-z.]+)=(\w+)/g)].map(([, key, value]) => [key, value])),
  };
  return { partitions: countOf('partition'), replicas: countOf('replica'), config };
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
        config: fitting.config,
      },
    ]);
  });

  it('are made one after the other', async () => {
    const { admin } = cluster({});
    const steps: string[] = [];
    const createTopic = async ({ name }: NewTopic) => {
      steps.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      steps.push(`${name} is there`);
    };
    await ensureTopics({ ...admin, createTopic }, { ...rules, names: ['one', 'two'] });

    expect(steps).toEqual(['one begins', 'one is there', 'two begins', 'two is there']);
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

  it('have as many replicas as are set, where there are as many brokers', async () => {
    const { admin, made } = cluster({}, 5);
    await ensureTopics(admin, { ...rules, replicas: 4 });

    expect(made).toMatchObject([{ replicas: 4, config: { 'min.insync.replicas': '2' } }]);
    await expect(ensureTopics(admin, { ...rules, replicas: 6 })).rejects.toThrow(
      'KAFKA_REPLICAS: 5 brokers cannot hold 6 replicas of order-events',
    );
  });

  it('are refused with fewer replicas than a cluster can have, unless that is set', async () => {
    const { admin } = cluster({ 'order-events': fitting }, 3);

    await expect(ensureTopics(admin, rules)).rejects.toThrow(
      'KAFKA_REPLICAS: the topic order-events has fewer replicas (1) than it should have (3), and is lost with them: give it more',
    );
    await expect(ensureTopics(admin, { ...rules, replicas: 1 })).resolves.toBeUndefined();
  });

  it.each([
    [3, '1', 'acknowledges what 1 of 3 replicas have, which may be lost with them: set min.insync.replicas to 2'],
    [3, '4', 'takes nothing with 3 replicas, since min.insync.replicas is 4: set it to 2'],
    [1, '2', 'takes nothing with 1 replica, since min.insync.replicas is 2: set it to 1'],
  ])('are refused with %i replicas of which %s have to be in sync', async (replicas, inSync, sentence) => {
    const config = { ...fitting.config, 'min.insync.replicas': inSync };
    const { admin } = cluster({ 'order-events': { ...fitting, replicas, config } }, replicas);

    await expect(ensureTopics(admin, rules)).rejects.toThrow(`KAFKA_TOPIC_PREFIX: the topic order-events ${sentence}`);
  });

  it.each([
    [3, '2'],
    [3, '3'],
    [2, '2'],
  ])('are left alone with %i replicas of which %s have to be in sync', async (replicas, inSync) => {
    const config = { ...fitting.config, 'min.insync.replicas': inSync };
    const { admin } = cluster({ 'order-events': { ...fitting, replicas, config } }, replicas);

    await expect(ensureTopics(admin, rules)).resolves.toBeUndefined();
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
      'KAFKA_CREATE_TOPICS: the topic order-events is missing: make it with 6 partitions, 1 replica, ' +
        'message.timestamp.type=LogAppendTime, compression.type=uncompressed and retention.ms=604800000, or set this to true',
    );
    expect(made).toEqual([]);
  });

  it.each([
    [1, 3],
    [1, 30],
    [3, 3],
    [3, 30],
  ])('are accepted on %i brokers, for %i days, when they are made as they were asked for', async (brokers, days) => {
    const wanted = { ...rules, retentionMs: days * DAY_MS, create: false };
    const sentence = await ensureTopics(cluster({}, brokers).admin, wanted).catch(String);
    const { admin } = cluster({ 'order-events': madeByHand(String(sentence)) }, brokers);

    await expect(ensureTopics(admin, wanted)).resolves.toBeUndefined();
  });

  it('are asked for only with replicas for which there are brokers', async () => {
    const { admin } = cluster({}, 2);

    await expect(ensureTopics(admin, { ...rules, replicas: 3, create: false })).rejects.toThrow(
      'KAFKA_REPLICAS: 2 brokers cannot hold 3 replicas of order-events',
    );
  });

  it.each([
    [
      'POLICY_VIOLATION',
      'KAFKA_CREATE_TOPICS: the broker refuses to make the topic order-events as this store asks for it (POLICY_VIOLATION): make it',
    ],
    [
      'INVALID_CONFIG',
      'KAFKA_CREATE_TOPICS: the broker refuses to make the topic order-events as this store asks for it (INVALID_CONFIG): make it',
    ],
    [
      'INVALID_TOPIC_EXCEPTION',
      'KAFKA_TOPIC_PREFIX: the broker refuses the name order-events (INVALID_TOPIC_EXCEPTION); perhaps it differs from that of another ' +
        'topic only in dots and underscores: choose another prefix',
    ],
    ['REQUEST_TIMED_OUT', /^not here$/],
  ])('are not made where the broker says %s', async (type, sentence) => {
    const error = Object.assign(new Error('not here'), { errors: [Object.assign(new Error('no'), { type })] });
    const admin = { ...cluster({}).admin, createTopic: async () => Promise.reject(error) };

    await expect(ensureTopics(admin, rules)).rejects.toThrow(sentence);
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
    [{ 'retention.bytes': '1000000' }, 'KAFKA_TOPIC_PREFIX', 'retention.bytes=1000000: set it to -1'],
    [
      { 'segment.ms': String(8 * DAY_MS) },
      'LOG_RETENTION_DAYS',
      `set segment.ms of the topic to ${7 * DAY_MS} or less`,
    ],
    [{ 'message.timestamp.type': 'CreateTime' }, 'KAFKA_TOPIC_PREFIX', 'message.timestamp.type=CreateTime'],
    [{ 'cleanup.policy': 'compact' }, 'KAFKA_TOPIC_PREFIX', 'cleanup.policy=compact'],
    [{ 'compression.type': 'producer' }, 'KAFKA_TOPIC_PREFIX', 'compression.type=producer'],
    [{ 'max.message.bytes': '1000' }, 'KAFKA_TOPIC_PREFIX', 'takes at most 1000 bytes'],
  ])('are refused with %j', async (config, setting, text) => {
    const { admin } = cluster(changed(config));

    await expect(ensureTopics(admin, rules)).rejects.toMatchObject({ setting, message: expect.stringContaining(text) });
  });
});
