import { Kafka, logLevel } from 'kafkajs';
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import type { ConsumerOptions, KafkaConsumer } from '../../shared/adapters/kafka/kafka-client.ts';
import type { KafkaLog, KafkaLogOptions } from '../../shared/adapters/kafka/kafka-log.ts';
import type { LogRecord, Subscription } from '../../shared/ports/message-log.ts';
import type { Position } from '../../shared/ports/store.ts';
import { numbered } from '../../shared/testing/log-examples.ts';
import { count } from '../../shared/testing/probe.ts';
import {
  clientOf,
  logOf,
  MARK,
  makeTopics,
  newPrefix,
  placesOf,
  readCount,
  rowsOf,
  WRITER,
  WRITTEN,
} from './kafka-examples.ts';
import { until } from './settling-log.ts';
import { describeOnKafka, sharedBrokers } from './shared-broker.ts';

/** For what the broker, or a reader, is about to notice. */
const SEEN_MS = 30_000;

const contents = (records: readonly LogRecord[]) =>
  records.map(({ attributes, value }) => `${attributes['subject']}${JSON.parse(value).quantity}`);

describeOnKafka('a reader of Kafka', () => {
  let prefix: string;
  beforeEach(() => {
    prefix = newPrefix();
  });

  function open(options: Partial<KafkaLogOptions> = {}): KafkaLog {
    const log = logOf({ prefix, partitions: 1, ...options });
    onTestFinished(() => log.close());
    return log;
  }

  function subscribe(
    log: KafkaLog,
    positions: readonly Position[] = [],
    hasRun = false,
    onWarning: (sentence: string) => void = () => undefined,
  ): Promise<Subscription> {
    const options = { topics: [WRITTEN], positions: async () => positions, wake: () => undefined };
    return log.subscribe({ group: 'readers', hasRun, onWarning, ...options });
  }

  async function isAvailable(subscription: Subscription): Promise<void> {
    await until(
      () => subscription.unavailableReason() === null,
      () => String(subscription.unavailableReason()),
    );
  }

  async function withAdmin(work: (admin: ReturnType<Kafka['admin']>) => Promise<unknown>): Promise<void> {
    const admin = new Kafka({ brokers: [...sharedBrokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await work(admin);
    await admin.disconnect();
  }

  /** The topic is deleted, and made anew with these messages. */
  /** `isMissed`: whether those who read it have noticed that it is gone. */
  async function remake(log: KafkaLog, messages: Parameters<typeof rowsOf>[0], isMissed = () => true): Promise<void> {
    const topic = `${prefix}${WRITTEN}`;
    await withAdmin(async (admin) => {
      await admin.deleteTopics({ topics: [topic] });
      await vi.waitFor(async () => expect(await admin.listTopics()).not.toContain(topic), SEEN_MS);
    });
    await vi.waitFor(() => expect(isMissed()).toBe(true), SEEN_MS);
    await makeTopics(prefix, 1);
    await vi.waitFor(() => log.send(rowsOf(messages), MARK), SEEN_MS);
  }

  it('gets the messages of each key in their order, from any number of partitions', async () => {
    await makeTopics(prefix, 6);
    const log = open({ partitions: 6 });
    const sent = Array.from({ length: 60 }, (_, index) => count(`k${index % 13}`, index + 1));
    for (let from = 0; from < sent.length; from += 20) await log.send(rowsOf(sent.slice(from, from + 20)), MARK);

    const records = await readCount(await subscribe(log), sent.length);

    expect(new Set(records.map(({ partition }) => partition)).size).toBeGreaterThan(3);
    for (let key = 0; key < 13; key += 1) {
      const own = records.filter(({ attributes }) => attributes['subject'] === `k${key}`);
      expect(contents(own)).toEqual(contents(own).toSorted((a, b) => Number(a.slice(2)) - Number(b.slice(2))));
      expect(new Set(own.map(({ partition }) => partition)).size).toBe(1);
    }
  });

  it('reads on where it was in a topic that is the same one', async () => {
    await makeTopics(prefix, 1);
    const log = open();
    const messages = numbered('a', 1, 3).map((message) => ({ ...message, source: `/${WRITER}` }));
    await log.send(rowsOf(messages), MARK);
    const first = await subscribe(log);
    const records = await readCount(first, 3);
    await first.close();

    const second = await subscribe(log, placesOf(records.slice(0, 2)));
    const [third, ...others] = await readCount(second, 1);

    expect([contents([third as LogRecord]), others]).toEqual([['a3'], []]);
    const sent = { token: MARK.token, epoch: 'first', position: 3, lanes: 1 };
    expect([third?.epoch, third?.sent]).toEqual([records[0]?.epoch, sent]);
  });

  it('that has read everything gets nothing twice', async () => {
    await makeTopics(prefix, 1);
    const log = open();
    await log.send(rowsOf(numbered('a', 1, 3)), MARK);
    const first = await subscribe(log);
    const places = placesOf(await readCount(first, 3));
    await first.close();

    const second = await subscribe(log, places);
    await isAvailable(second);

    expect(await second.poll(10)).toEqual([]);
    await log.send(rowsOf([count('b', 1)]), MARK);
    expect(contents(await readCount(second, 1))).toEqual(['b1']);
  });

  it.each([
    ['fewer', 2],
    ['as many', 4],
    ['more', 7],
  ])('gets every record of a topic that was made anew with %s records', async (_, many) => {
    await makeTopics(prefix, 1);
    const log = open();
    await log.send(rowsOf(numbered('old', 1, 4)), MARK);
    const first = await subscribe(log);
    const old = await readCount(first, 4);
    await first.close();
    await remake(log, numbered('new', 1, many));

    const records = await readCount(await subscribe(log, placesOf(old)), many);

    expect(contents(records)).toEqual(contents(records).map((_, index) => `new${index + 1}`));
    expect(new Set([...old, ...records].map(({ epoch }) => epoch)).size).toBe(2);
  });

  it('gets every record of a topic that was made anew while it reads', async () => {
    await makeTopics(prefix, 1);
    const log = open();
    await log.send(rowsOf(numbered('old', 1, 3)), MARK);
    let positions: readonly Position[] = [];
    const options = { group: 'readers', topics: [WRITTEN], wake: () => undefined };
    const subscription = await log.subscribe({ ...options, positions: async () => positions });
    positions = placesOf(await readCount(subscription, 3));
    await subscription.acknowledge(positions);

    await remake(log, numbered('new', 1, 5), () => subscription.unavailableReason() !== null);

    expect(contents(await readCount(subscription, 5))).toEqual(['new1', 'new2', 'new3', 'new4', 'new5']);
  });

  it('believes a position that has no proof, where there is such a place', async () => {
    await makeTopics(prefix, 1);
    const log = open();
    await log.send(rowsOf(numbered('a', 1, 3)), MARK);

    const within = await subscribe(log, [{ topic: WRITTEN, partition: 0, position: 2 }]);
    expect(contents(await readCount(within, 1))).toEqual(['a3']);
    await within.close();
    const beyond = await subscribe(log, [{ topic: WRITTEN, partition: 0, position: 9 }]);
    expect(contents(await readCount(beyond, 3))).toEqual(['a1', 'a2', 'a3']);
  });

  it('says which records it cannot read any more, unless it may go on without them', async () => {
    await makeTopics(prefix, 1);
    const log = open();
    await log.send(rowsOf(numbered('a', 1, 5)), MARK);
    const topic = `${prefix}${WRITTEN}`;
    await withAdmin(async (admin) => {
      await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '3' }] });
    });
    const position: Position = { topic: WRITTEN, partition: 0, position: 1, proof: 'x' };

    const subscription = await subscribe(log, [position]);
    const sentence = 'records 2 to 3 of probe-events/0 were pruned before they were read';
    await vi.waitFor(() => expect(subscription.unavailableReason()).toContain(sentence), SEEN_MS);
    expect(subscription.unavailableReason()).toMatch(
      /, they were deleted there, or .* where the data are a copy, restore a newer one; else set SKIP_PRUNED_RECORDS$/,
    );
    expect(await subscription.poll(10)).toEqual([]);
    await subscription.close();

    for (const [skips, known, hasRun] of [[true, [position], true] as const, [false, [], false] as const]) {
      const going = await subscribe(open({ skipsPruned: skips }), known, hasRun);
      expect(contents(await readCount(going, 2))).toEqual(['a4', 'a5']);
      await going.close();
    }
  });

  it('takes a lane up again after it was full', async () => {
    await makeTopics(prefix, 1);
    const log = open();
    const total = 6_000;
    for (let from = 0; from < total; from += 500) {
      await log.send(rowsOf(numbered('a', from + 1, from + 500)), MARK);
    }
    const subscription = await subscribe(log);
    const read: string[] = [];
    while (read.length < total) {
      await readCount(subscription, 1);
      const records = await subscription.poll(256);
      read.push(...contents(records));
      await subscription.acknowledge(placesOf(records));
    }

    expect(read).toEqual(read.map((_, index) => `a${index + 1}`));
  });

  it('reads with another consumer where one does not fetch a lane any more', async () => {
    await makeTopics(prefix, 1);
    const inner = clientOf();
    const consumers: KafkaConsumer[] = [];
    const consumer = async (options: ConsumerOptions) => {
      consumers.push(await inner.consumer(options));
      return consumers.at(-1) as KafkaConsumer;
    };
    const log = open({
      client: { admin: inner.admin, producer: () => inner.producer(), close: () => inner.close(), consumer },
    });
    await log.send(rowsOf([count('a', 1)]), MARK);
    const warnings: string[] = [];
    const subscription = await subscribe(log, [], false, (sentence) => warnings.push(sentence));
    await subscription.acknowledge(placesOf(await readCount(subscription, 1)));

    consumers[0]?.pause([{ topic: `${prefix}${WRITTEN}`, partition: 0 }]);
    await log.send(rowsOf([count('b', 1)]), MARK);

    expect(contents(await readCount(subscription, 1))).toEqual(['b1']);
    expect([consumers.length, warnings]).toEqual([2, [expect.stringContaining('the consumer is built anew')]]);
  });

  it('shares the lanes with the other members of its group, and takes them over', async () => {
    await makeTopics(prefix, 6);
    const [one, other] = [open({ partitions: 6 }), open({ partitions: 6 })];
    const [first, second] = [await subscribe(one), await subscribe(other)];
    await one.send(rowsOf(Array.from({ length: 60 }, (_, index) => count(`k${index}`, 1))), MARK);
    const lanes = async (subscription: Subscription) =>
      new Set((await subscription.poll(1_000)).map(({ partition }) => partition));
    await until(
      async () => (await lanes(first)).size === 3 && (await lanes(second)).size === 3,
      () => 'three lanes each',
    );
    expect(new Set([...(await lanes(first)), ...(await lanes(second))]).size).toBe(6);
    const places = placesOf(await second.poll(1_000));
    await second.acknowledge(places);

    await second.close();

    // What the member that left has acknowledged is known to its store alone, and comes again.
    expect(new Set((await readCount(first, 60)).map(({ partition }) => partition)).size).toBe(6);
  });
});
