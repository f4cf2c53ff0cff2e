import { Kafka, logLevel, type Message, type Producer } from 'kafkajs';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import type { KafkaLog } from '../../shared/adapters/kafka/kafka-log.ts';
import { ensureTopics } from '../../shared/adapters/kafka/topics.ts';
import type { LogRecord, Subscription } from '../../shared/ports/message-log.ts';
import { count } from '../../shared/testing/probe.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { clientOf, logOf, MARK, makeTopics, newPrefix, PUBLIC, readCount, rowsOf, WRITTEN } from './kafka-examples.ts';
import { describeOnKafka, sharedBrokers } from './shared-broker.ts';

const MB = 1_000_000;

describeOnKafka('a record of Kafka', () => {
  let prefix: string;
  let log: KafkaLog;
  beforeEach(async () => {
    prefix = newPrefix();
    await makeTopics(prefix, 1);
    log = logOf({ prefix, partitions: 1 });
    return () => log.close();
  });

  function subscribe(topic: string): Promise<Subscription> {
    return log.subscribe({ group: 'readers', topics: [topic], positions: async () => [], wake: () => undefined });
  }

  async function stranger(options: { readonly transactionalId?: string } = {}): Promise<Producer> {
    const producer = new Kafka({ brokers: [...sharedBrokers], logLevel: logLevel.NOTHING }).producer({
      allowAutoTopicCreation: false,
      ...options,
    });
    onTestFinished(() => producer.disconnect());
    await producer.connect();
    return producer;
  }

  const send = (producer: Pick<Producer, 'send'>, messages: Message[]) =>
    producer.send({ topic: `${prefix}${PUBLIC}`, messages: messages.map((message) => ({ ...message, partition: 0 })) });

  const sized = (bytes: number) => {
    const message = count('a', 1);
    return { ...message, data: { ...message.data, name: 'x'.repeat(bytes) } };
  };

  it('comes whatever its bytes are, and those behind it come as well', async () => {
    const bytes = Buffer.from([0x00, 0xff, 0xfe, 0x7b]);
    await send(await stranger(), [
      { value: bytes },
      { value: '{"id":"cut","data":{' },
      { value: null },
      { value: null, key: 'k', headers: { ce_id: 'b-0' } },
      { value: '{"n":1}', headers: { ce_id: ['x', 'b-1'], ce_schemaversion: '1', 'content-type': 'application/json' } },
    ]);
    await log.append(PUBLIC, [count('a', 1)]);

    const records = await readCount(await subscribe(PUBLIC), 6);

    const shown = records.map(({ attributes: { receivedat, ...attributes }, value }) => ({ attributes, value }));
    expect(shown.slice(0, 5)).toEqual([
      { attributes: { raw_base64: bytes.toString('base64') }, value: '' },
      { attributes: { raw: '{"id":"cut","data":{' }, value: '' },
      { attributes: {}, value: '' },
      { attributes: { id: 'b-0' }, value: '' },
      { attributes: { id: 'b-1', schemaversion: 1, datacontenttype: 'application/json' }, value: '{"n":1}' },
    ]);
    expect(shown[5]?.attributes).toMatchObject({ id: count('a', 1).id });
    expect(records.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('of 0.9 and of 1.1 MB goes through', async () => {
    const messages = [sized(0.9 * MB), sized(1.1 * MB), count('b', 1)];
    await log.send(rowsOf(messages), MARK);

    const records = await readCount(await subscribe(WRITTEN), 3);

    expect(records.map(({ value }) => value)).toEqual(messages.map(({ data }) => JSON.stringify(data)));
  });

  it('comes in its order, however many a client appends at once', async () => {
    const messages = Array.from({ length: 60 }, (_, n) => ({ ...sized(0.1 * MB), id: `m-${n}` }));

    await log.append(PUBLIC, messages);

    const records = await readCount(await subscribe(PUBLIC), messages.length);
    expect(records.map(({ attributes: { id } }) => id)).toEqual(messages.map(({ id }) => id));
  });

  it('of 10 MB is refused for good, to a relay and to a client', async () => {
    const refused = { code: 'body_too_large', retryAfterS: undefined };

    await expect(log.send(rowsOf([sized(10 * MB)]), MARK)).rejects.toMatchObject(refused);
    await expect(log.append(PUBLIC, [sized(10 * MB)])).rejects.toMatchObject(refused);

    await log.send(rowsOf([count('b', 1)]), MARK);
    expect(await readCount(await subscribe(WRITTEN), 1)).toHaveLength(1);
  });

  it('of an aborted transaction does not come, and its marks stop no lane', async () => {
    const producer = await stranger({ transactionalId: `${prefix}stranger` });
    const text = (id: string) => ({ value: JSON.stringify({ id }) });
    const within = async (id: string, end: 'commit' | 'abort') => {
      const transaction = await producer.transaction();
      await send(transaction, [text(id)]);
      await transaction[end]();
    };
    await within('one', 'commit');
    await within('two', 'abort');
    await within('three', 'abort');
    const subscription = await subscribe(PUBLIC);
    const ids = (records: readonly LogRecord[]) => records.map(({ attributes }) => attributes['id']);
    expect(ids(await readCount(subscription, 1))).toEqual(['one']);

    await within('four', 'abort');
    await within('five', 'commit');

    expect(ids(await readCount(subscription, 2))).toEqual(['one', 'five']);
    expect(subscription.unavailableReason()).toBeNull();
  });

  it('of an aborted transaction alone leaves its topic readable', async () => {
    const producer = await stranger({ transactionalId: `${prefix}aborting` });
    const transaction = await producer.transaction();
    await send(transaction, [{ value: JSON.stringify({ id: 'none' }) }]);
    await transaction.abort();
    const subscription = await subscribe(PUBLIC);

    await waitUntil(() => subscription.unavailableReason() === null, { timeoutMs: 20_000 });
    expect(await subscription.poll(10)).toEqual([]);
  });

  it('in a partition that the topic does not have is not taken for sent', async () => {
    const wider = logOf({ prefix, partitions: 6 });
    onTestFinished(() => wider.close());

    await expect(wider.send(rowsOf([count('k1', 1), count('k2', 2)]), MARK)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('the broker did not confirm messages for probe-events/'),
    });
  });
});

describeOnKafka('the topics at a broker', () => {
  it('are refused with another number of partitions, fewer replicas, or a longer retention, than those set', async () => {
    const prefix = newPrefix();
    await makeTopics(prefix, 2);
    const client = clientOf();
    onTestFinished(() => client.close());
    const rules = {
      names: [`${prefix}${WRITTEN}`],
      partitions: 2,
      replicas: null,
      retentionMs: 86_400_000,
      create: true,
    };

    await ensureTopics(client.admin, rules);

    await expect(ensureTopics(client.admin, { ...rules, partitions: 3 })).rejects.toThrow('KAFKA_PARTITIONS');
    await expect(ensureTopics(client.admin, { ...rules, retentionMs: 1_000 })).rejects.toThrow('LOG_RETENTION_DAYS');
    await expect(ensureTopics(client.admin, { ...rules, replicas: 2 })).rejects.toThrow('KAFKA_REPLICAS');
  });
});
