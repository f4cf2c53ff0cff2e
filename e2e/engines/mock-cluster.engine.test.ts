import { Kafka, logLevel, type Producer } from 'kafkajs';
// What keeps the library from standing still in a loop holds for these clients as well.
import '../../shared/adapters/kafka/kafkajs-client.ts';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { MockCluster } from './mock-cluster.ts';
import { describeOnMockCluster, mockClusterProgram } from './shared-broker.ts';

const NOT_LEADER = 6;

describeOnMockCluster('the mock cluster', () => {
  let cluster: MockCluster;

  beforeEach(async () => {
    cluster = await MockCluster.start(mockClusterProgram);
    await cluster.createTopic('orders', 1);
    return () => cluster.stop();
  });

  function client(retries: number): Kafka {
    const retry = { retries, initialRetryTime: 50 };
    return new Kafka({ brokers: [...cluster.brokers], logLevel: logLevel.NOTHING, retry });
  }

  async function producerOf(retries: number): Promise<Producer> {
    const producer = client(retries).producer({ allowAutoTopicCreation: false });
    onTestFinished(() => producer.disconnect());
    await producer.connect();
    return producer;
  }

  /** The values of the topic from its begin, as many as are expected. */
  async function read(count: number): Promise<readonly string[]> {
    const consumer = client(10).consumer({ groupId: 'readers', maxWaitTimeInMs: 100 });
    onTestFinished(() => consumer.disconnect());
    await consumer.connect();
    await consumer.subscribe({ topics: ['orders'], fromBeginning: true });
    const values: string[] = [];
    await new Promise<void>((resolve, reject) => {
      const eachMessage = async ({ message }: { message: { value: Buffer | null } }) => {
        if (values.push(String(message.value)) === count) resolve();
      };
      consumer.run({ eachMessage }).catch(reject);
    });
    return values;
  }

  const send = (producer: Producer, value: string) =>
    producer.send({ topic: 'orders', messages: [{ key: 'k', value, partition: 0 }] });

  it('keeps what was written to a topic, in order', async () => {
    const producer = await producerOf(0);

    await send(producer, 'a');
    await send(producer, 'b');

    expect(await read(2)).toEqual(['a', 'b']);
  });

  it('refuses a write while the leader is down, and takes it when it is up', async () => {
    await cluster.leader('orders', 0, 2);
    const producer = await producerOf(0);
    await cluster.down(2);

    await expect(send(producer, 'a')).rejects.toThrow();

    await cluster.up(2);
    await send(await producerOf(5), 'b');
    expect(await read(1)).toEqual(['b']);
  });

  it('takes writes at the new leader after the old one is down', async () => {
    await cluster.leader('orders', 0, 1);
    const producer = await producerOf(5);
    await send(producer, 'a');

    await cluster.leader('orders', 0, 3);
    await cluster.down(1);
    await send(producer, 'b');

    expect(await read(2)).toEqual(['a', 'b']);
  });

  it('fails as many requests as it was told to', async () => {
    const producer = await producerOf(0);
    await cluster.fail('produce', NOT_LEADER, 2);

    await expect(send(producer, 'a')).rejects.toThrow('leader');
    await expect(send(producer, 'b')).rejects.toThrow('leader');
    await send(producer, 'c');

    expect(await read(1)).toEqual(['c']);
  });

  it('forgets errors that no request has met', async () => {
    const producer = await producerOf(0);
    await cluster.fail('produce', NOT_LEADER, 5);

    await cluster.failNoMore('produce');

    await expect(send(producer, 'a')).resolves.toMatchObject([{ errorCode: 0 }]);
  });

  it('delays its answers', async () => {
    await cluster.leader('orders', 0, 1);
    const producer = await producerOf(0);
    await send(producer, 'a');
    await cluster.rtt(1, 400);
    const startedMs = performance.now();

    await send(producer, 'b');

    expect(performance.now() - startedMs).toBeGreaterThan(390);
  });

  it('says what it refuses', async () => {
    await expect(cluster.leader('orders', 0, 9)).rejects.toThrow('refused "leader orders 0 9": BROKER_NOT_AVAILABLE');
  });
});
