import { Kafka, logLevel } from 'kafkajs';
import { beforeEach, expect, it, vi } from 'vitest';
import { SqliteStore } from '../../shared/adapters/embedded/store/sqlite-store.ts';
import type { KafkaLog } from '../../shared/adapters/kafka/kafka-log.ts';
import { systemClock as clock } from '../../shared/adapters/system-clock.ts';
import { Relay } from '../../shared/runtime/relay/relay.ts';
import { HeldLease } from '../../shared/runtime/worker/held-lease.ts';
import { logLines } from '../../shared/testing/log-lines.ts';
import { count, probe } from '../../shared/testing/probe.ts';
import { logOf, makeTopics, newPrefix, readCount, WRITER, WRITTEN } from './kafka-examples.ts';
import { describeOnKafka, sharedBrokers } from './shared-broker.ts';

const SEEN_MS = 30_000;
const WARNING = `${WRITER} sends again what ${WRITTEN} had and has no more: was it made anew?`;

describeOnKafka('a relay to Kafka', () => {
  let prefix: string;
  let store: SqliteStore;
  let log: KafkaLog;
  let logged: ReturnType<typeof logLines>;
  beforeEach(async () => {
    prefix = newPrefix();
    await makeTopics(prefix, 1);
    const { tables, migrations } = probe;
    store = SqliteStore.open({ name: WRITER, file: ':memory:', tables, migrations: migrations.sqlite });
    store.home.move('kafka');
    log = logOf({ prefix, partitions: 1, readers: [{ group: 'reader', topics: [WRITTEN] }] });
    logged = logLines();
    return async () => {
      await log.close();
      await store.close();
    };
  });

  function relay(): Relay {
    const lease = new HeldLease(store.leases, 'relay', clock);
    const { relayed } = store;
    const parts = { name: WRITER, topic: WRITTEN, relayed, target: log, clock, lease, logger: logged.logger };
    return new Relay({ ...parts, unsentMax: 9 });
  }

  async function publish(one: Relay, key: string): Promise<void> {
    const outbox = [{ topic: WRITTEN, message: { ...count(key, 1), source: `/${WRITER}` } }];
    await store.transact({}, () => ({ writes: [], inbox: [], outbox, positions: [] }));
    await vi.waitFor(async () => {
      while (await one.step());
    }, SEEN_MS);
  }

  async function makeAnew(): Promise<void> {
    await remove(`${prefix}${WRITTEN}`);
    await makeTopics(prefix, 1);
  }

  /** The keys of all records, in their order. */
  async function sent(): Promise<readonly unknown[]> {
    const from = { topics: [WRITTEN], positions: async () => [], wake: () => undefined };
    const subscription = await log.subscribe({ group: 'reader', ...from });
    const [end] = await subscription.ends();
    const records = await readCount(subscription, end?.position ?? 0);
    return records.map(({ attributes }) => attributes['partitionkey']);
  }

  function warnings(): readonly unknown[] {
    return logged.lines.filter(({ level }) => level === 40).map(({ msg }) => msg);
  }

  it('sends again what its topic had when that is deleted and made anew while it runs', async () => {
    const one = relay();
    await publish(one, 'a');
    await publish(one, 'b');
    await makeAnew();
    await publish(one, 'c');

    const keys = await sent();
    expect(keys.filter((key, index) => keys.lastIndexOf(key) === index)).toEqual(['a', 'b', 'c']);
    expect(warnings()).toEqual([WARNING]);
  });

  it('sends again what its topic had where the first send to the new one arrives without an answer', async () => {
    const one = relay();
    await publish(one, 'a');
    await makeAnew();
    const { send } = log;
    vi.spyOn(log, 'send').mockImplementationOnce(async (...given) => {
      await vi.waitFor(() => send.apply(log, given), SEEN_MS);
      throw new Error('the broker did not answer');
    });
    await publish(one, 'b');
    await publish(relay(), 'c');

    expect(await sent()).toEqual(['b', 'a', 'b', 'c']);
    expect(warnings()).toEqual([WARNING]);
  });
});

async function remove(topic: string): Promise<void> {
  const admin = new Kafka({ brokers: [...sharedBrokers], logLevel: logLevel.NOTHING }).admin();
  try {
    await admin.connect();
    await admin.deleteTopics({ topics: [topic] });
    await vi.waitFor(async () => expect(await admin.listTopics()).not.toContain(topic), SEEN_MS);
  } finally {
    await admin.disconnect();
  }
}
