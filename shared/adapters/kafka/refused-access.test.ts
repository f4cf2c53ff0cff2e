import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../core/errors.ts';
import type { ConsumerOptions, KafkaClient } from './kafka-client.ts';
import { namingRefusals } from './refused-access.ts';

function refusal(type: string): Error {
  return Object.assign(new Error('of the library'), { type });
}

/** A client whose every request fails in this way. */
function failing(error: Error): KafkaClient {
  const fail = () => Promise.reject(error);
  return {
    admin: {
      ...{ brokers: fail, createTopic: fail, topic: fail, ends: fail },
      ...{ offsetsAt: fail, records: fail, groupOffsets: fail },
    },
    producer: () => ({ send: fail }),
    consumer: fail,
    close: async () => undefined,
  };
}

const consuming: ConsumerOptions = {
  group: 'g',
  topics: ['a', 'b'],
  onAssigned: () => undefined,
  onBatch: () => true,
  onCrash: () => undefined,
  onBeat: () => undefined,
};
const messages = [{ key: null, value: 'v' }];
const created = { name: 't', partitions: 1, replicas: 1, config: {} };

describe('a request that the broker refuses', () => {
  it.each([
    ['TOPIC', 'Describe or Create on the topic t', (client: KafkaClient) => client.admin.createTopic(created)],
    ['CLUSTER', 'Create on the cluster', (client: KafkaClient) => client.admin.createTopic(created)],
    ['TOPIC', 'DescribeConfigs on the topic t', (client: KafkaClient) => client.admin.topic('t')],
    ['TOPIC', 'Describe on the topic t', (client: KafkaClient) => client.admin.ends('t')],
    ['GROUP', 'Describe on the group g', (client: KafkaClient) => client.admin.groupOffsets('g', 't')],
    ['GROUP', 'Read on the group g', (client: KafkaClient) => client.consumer(consuming)],
    ['TOPIC', 'Read on one of the topics a, b', (client: KafkaClient) => client.consumer(consuming)],
    [
      'TOPIC',
      'Write on the topic t',
      (client: KafkaClient) => client.producer().send([{ topic: 't', partition: 0, messages }]),
    ],
  ] as const)('for its %s names the operation: %s', async (kind, what, ask) => {
    const client = namingRefusals(failing(refusal(`${kind}_AUTHORIZATION_FAILED`)), {});

    await expect(ask(client)).rejects.toThrow(`the operation ${what}: `);
  });

  it.each([
    [{ sasl: { username: 'ann' } }, 'KAFKA_SASL_USERNAME: the broker does not allow ann '],
    [{ ssl: { cert: 'x' } }, 'KAFKA_SSL_CERT_FILE: the broker does not allow who shows the certificate '],
    [{ ssl: true }, 'KAFKA_SASL_MECHANISM: the broker does not allow who brings no password '],
  ])('names the setting that says who asks: %j', async (identity, sentence) => {
    const gathered = Object.assign(new Error('several'), { errors: [refusal('TOPIC_AUTHORIZATION_FAILED')] });

    await expect(namingRefusals(failing(gathered), identity).admin.ends('t')).rejects.toThrow(sentence);
  });

  it('is told as well where it ends a consumer that has begun', async () => {
    const crashes: Error[] = [];
    const crashing: KafkaClient = {
      ...failing(refusal('')),
      consumer: async ({ onCrash }) => {
        onCrash(refusal('GROUP_AUTHORIZATION_FAILED'));
        throw refusal('');
      },
    };
    const begun = namingRefusals(crashing, {}).consumer({ ...consuming, onCrash: (error) => crashes.push(error) });

    await expect(begun).rejects.toThrow('of the library');
    expect(crashes[0]).toBeInstanceOf(ConfigError);
  });

  it('stays as it is where it failed for another reason', async () => {
    const error = refusal('LEADER_NOT_AVAILABLE');

    await expect(namingRefusals(failing(error), {}).admin.brokers()).rejects.toBe(error);
  });
});
