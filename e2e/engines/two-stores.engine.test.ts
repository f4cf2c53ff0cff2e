/** Two stores on one prefix would each handle a part of the other one's messages: the second one does not start. */
import { cpSync } from 'node:fs';
import { Kafka, logLevel } from 'kafkajs';
import { expect, it, onTestFinished, vi } from 'vitest';
// What keeps the library from standing still in a loop holds for these clients as well.
import '../../shared/adapters/kafka/kafkajs-client.ts';
import { shortHash } from '../../shared/core/hash.ts';
import { orderIn, orderOf, post } from '../scenarios/client.ts';
import { type Env, runStore, TestStore, temporaryFolder } from '../scenarios/harness.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { describeOnKafka, sharedBrokers } from './shared-broker.ts';

const TOPICS = ['order-events', 'inventory-events', 'order-commands'];
const GROUPS = ['order', 'inventory', 'notification'].map((name) => `saga-store.${name}`);
const PORTS: Env = { GATEWAY_PORT: '0', ORDER_PORT: '0', INVENTORY_PORT: '0', NOTIFICATION_PORT: '0' };

describeOnKafka('a second store with the prefix of another', () => {
  let prefix: string;
  let kafka: Env;

  async function storeIn(dataDir: string): Promise<TestStore> {
    prefix = `${shortHash(dataDir)}.`;
    kafka = { LOG: 'kafka', KAFKA_BROKERS: sharedBrokers.join(','), KAFKA_TOPIC_PREFIX: prefix, KAFKA_PARTITIONS: '2' };
    return TestStore.start('one process', { DATA_DIR: dataDir, ...kafka });
  }

  async function confirm(store: TestStore, orderId: string): Promise<void> {
    expect((await post(store.url('/orders'), orderOf(orderId))).status).toBe(202);
    await orderIn('confirmed', store.url(`/orders/${orderId}`));
  }

  async function refusalOf(env: Env): Promise<string> {
    const refused = runStore([], { ...PORTS, ...kafka, ...env });
    expect((await refused.exit).code).toBe(1);
    return refused.stderr();
  }

  async function withAdmin(work: (admin: ReturnType<Kafka['admin']>) => Promise<unknown>): Promise<void> {
    const admin = new Kafka({ brokers: [...sharedBrokers], logLevel: logLevel.NOTHING }).admin();
    onTestFinished(() => admin.disconnect());
    await admin.connect();
    await work(admin);
  }

  it('is refused beside it and after it; restored data and data of new topics are not', async () => {
    const dataDir = temporaryFolder();
    const store = await storeIn(dataDir);
    await confirm(store, 'A');

    const group = new RegExp(
      `^saga-store: KAFKA_TOPIC_PREFIX: the group ${prefix}saga-store\\.\\w+ reads for the data of another store: set it to one that`,
    );
    expect(await refusalOf({ DATA_DIR: temporaryFolder() })).toMatch(group);
    await confirm(store, 'B');
    await store.settle();
    await store.stopAll();
    expect(await refusalOf({ DATA_DIR: temporaryFolder() })).toMatch(group);

    const restored = temporaryFolder();
    cpSync(dataDir, restored, { recursive: true });
    const again = await TestStore.start('one process', { DATA_DIR: restored, ...kafka });
    await confirm(again, 'C');
    await again.settle();
    await again.stopAll();

    await withAdmin(async (admin) => {
      const names = GROUPS.map((name) => `${prefix}${name}`);
      const areLeft = async () =>
        (await admin.describeGroups(names)).groups.every(({ members }) => members.length === 0);
      await waitUntil(areLeft, { timeoutMs: 30_000, what: 'the groups to be left' });
      await admin.deleteGroups(names);
    });
    const topic = `the topic ${prefix}order-events has messages, and the data of order are new: set it to one that`;
    expect(await refusalOf({ DATA_DIR: temporaryFolder() })).toContain(topic);

    await withAdmin(async (admin) => {
      await admin.deleteTopics({ topics: TOPICS.map((name) => `${prefix}${name}`) });
      await vi.waitFor(async () => expect((await admin.listTopics()).join()).not.toContain(prefix), 30_000);
    });
    await confirm(await TestStore.start('one process', { DATA_DIR: temporaryFolder(), ...kafka }), 'A');
  });

  it('keeps its data where they are, although they would move there', async () => {
    const other = await TestStore.start('one process');
    await confirm(other, 'A');
    await other.settle();
    await other.stopAll();
    const store = await storeIn(temporaryFolder());
    await confirm(store, 'B');

    expect(await refusalOf({ DATA_DIR: other.dataDir })).toContain('reads for the data of another store');

    await other.start();
    await confirm(other, 'C');
  });

  it('is refused where it cannot make its topics, which it names with their prefix', async () => {
    const name = shortHash(temporaryFolder());
    const kafkaAt = { LOG: 'kafka', KAFKA_BROKERS: sharedBrokers.join(','), KAFKA_TOPIC_PREFIX: `${name}.` };
    const env = { ...kafkaAt, KAFKA_PARTITIONS: '1', DATA_DIR: temporaryFolder() };
    await withAdmin((admin) => admin.createTopics({ topics: [{ topic: `${name}_order-events` }] }));

    expect(await refusalOf(env)).toContain(
      `KAFKA_TOPIC_PREFIX: the broker refuses the name ${name}.order-events (INVALID_TOPIC_EXCEPTION)`,
    );
    expect(await refusalOf({ ...env, KAFKA_CREATE_TOPICS: 'false' })).toContain(
      `KAFKA_CREATE_TOPICS: the topic ${name}.order-events is missing: make it with 1 partition, 1 replica,`,
    );
  });
});
