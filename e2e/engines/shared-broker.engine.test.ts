import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
// What keeps the library from standing still in a loop holds for these clients as well.
import '../../shared/adapters/kafka/kafkajs-client.ts';
import { expect, it, onTestFinished } from 'vitest';
import { makeTopic } from './kafka-examples.ts';
import { describeOnKafka, sharedBrokers } from './shared-broker.ts';

describeOnKafka('the broker of the tests', () => {
  it('keeps what was written to a topic, in order', async () => {
    const topic = `kept-${randomUUID()}`;
    const kafka = new Kafka({ brokers: [...sharedBrokers], logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    const producer = kafka.producer({ allowAutoTopicCreation: false });
    const consumer = kafka.consumer({ groupId: topic, allowAutoTopicCreation: false, maxWaitTimeInMs: 100 });
    onTestFinished(async () => {
      await Promise.all([admin, producer, consumer].map((client) => client.disconnect()));
    });
    await Promise.all([admin, producer, consumer].map((client) => client.connect()));
    await makeTopic(admin, topic);
    const values = ['a', 'b', 'c'];

    await producer.send({ topic, acks: -1, messages: values.map((value) => ({ key: 'k', value })) });

    const read: string[] = [];
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      consumer.on('consumer.crash', ({ payload }) => reject(payload.error));
      const eachMessage = async ({ message }: { message: { value: Buffer | null } }) => {
        if (read.push(String(message.value)) === values.length) resolve();
      };
      consumer.run({ eachMessage }).catch(reject);
    });
    expect(read).toEqual(values);
  });

  it('creates no topic because a client names one', async () => {
    const topic = `never-created-${randomUUID()}`;
    const kafka = new Kafka({ brokers: [...sharedBrokers], logLevel: logLevel.NOTHING, retry: { retries: 0 } });
    const producer = kafka.producer({ allowAutoTopicCreation: true });
    onTestFinished(() => producer.disconnect());
    await producer.connect();

    await expect(producer.send({ topic, messages: [{ value: 'a' }] })).rejects.toThrow('topic');
  });
});
