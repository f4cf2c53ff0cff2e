/**
 * A function that freezes in the middle of its work with Kafka, for longer than its session lasts, while the others go on with the
 * same orders; then it thaws, and knows nothing of that.
 */
import { Kafka, logLevel } from 'kafkajs';
import { beforeAll, expect, it } from 'vitest';
// What keeps the library from standing still in a loop holds for these clients as well.
import '../../shared/adapters/kafka/kafkajs-client.ts';
import { shortHash } from '../../shared/core/hash.ts';
import { type Answer, orderIn, orderOf, post } from '../scenarios/client.ts';
import { afterAllTests, runStore, TestStore, temporaryFolder } from '../scenarios/harness.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { type Broker, startBroker } from './broker.ts';
import { type FreezeRequest, freezable, freezeNext, isFrozen } from './frozen.ts';
import { expectSentInOrder } from './sent-order.ts';
import { describeOnKafka } from './shared-broker.ts';

type Frozen = 'order' | 'inventory' | 'notification';

const PARTITIONS = 2;
describeOnKafka('a function that freezes', () => {
  let broker: Broker;
  let store: TestStore;
  let prefix: string;
  let requests: string;
  let admin: ReturnType<Kafka['admin']>;
  const atEnd = afterAllTests();

  beforeAll(async () => {
    // Of its own, so that a member may ask for a short session.
    broker = await startBroker({ changes: () => ({ 'group.min.session.timeout.ms': 1_000 }) });
    atEnd(() => broker.stop());
    const dataDir = temporaryFolder(atEnd);
    requests = temporaryFolder(atEnd);
    prefix = `${shortHash(dataDir)}.`;
    const env = {
      DATA_DIR: dataDir,
      LOG: 'kafka',
      KAFKA_BROKERS: broker.address,
      KAFKA_TOPIC_PREFIX: prefix,
      KAFKA_PARTITIONS: String(PARTITIONS),
      // A command waits for a function that is frozen, and that for the start of another process.
      GATEWAY_TIMEOUT_MS: '25000',
      ...freezable(requests),
    };
    store = await TestStore.create('a process each', env, atEnd);
    admin = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    atEnd(() => admin.disconnect());
    await store.start();
  });

  /** The broker has ended the session of the function: its lanes are free for another member. */
  const isExpelled = (name: Frozen) =>
    waitUntil(
      async () => {
        const { groups } = await admin.describeGroups([`${prefix}saga-store.${name}`]);
        return groups[0]?.members.length === 0;
      },
      { timeoutMs: 30_000, what: `the broker to miss ${name}` },
    );

  const points: readonly [Frozen, FreezeRequest['at']][] = [
    ['order', 'before send'],
    ['order', 'after send'],
    ['order', 'fetched'],
    ['inventory', 'before send'],
    ['inventory', 'after send'],
    ['inventory', 'fetched'],
    ['notification', 'fetched'],
  ];

  it.each(points)(
    '(%s, %s) until the broker misses it goes on where it was: effects once, nothing lost',
    async (name, at) => {
      const orderId = `${name}-${at.replace(' ', '-')}`;
      freezeNext(requests, name, { at, about: orderId });
      const placed: Promise<Answer> = post(store.url('/orders'), orderOf(orderId));
      await isFrozen(store.program(name));

      // A second process would be its successor, and the lock of the data says that there is none while the frozen one is there.
      const second = runStore([name], { ...store.env, [`${name.toUpperCase()}_PORT`]: '0' });
      // The next message of the same order waits behind the one at which the function stands.
      const isCancelled = name !== 'order';
      if (isCancelled) {
        expect((await placed).status).toBe(202);
        expect((await post(store.url(`/orders/${orderId}/cancel`), { reason: 'frozen' })).status).toBe(200);
      }
      await isExpelled(name);
      expect((await second.exit).code).toBe(1);
      expect(second.stderr()).toMatch(/another process/);
      store.program(name).signal('SIGCONT');

      expect((await placed).status).toBe(202);
      await orderIn(isCancelled ? 'cancelled' : 'confirmed', store.url(`/orders/${orderId}`));
      const { deadLetters, parked } = await store.settle();
      expect([...Object.values(deadLetters), ...Object.values(parked)].filter((count) => count > 0)).toEqual([]);
    },
  );

  it('has sent each message of each key in the order of the commits, and none is missing', async () => {
    const { dataDir } = store;
    const repeats = await expectSentInOrder({ dataDir, brokers: [broker.address], prefix, partitions: PARTITIONS });

    // What was sent and not marked came again.
    expect(repeats).toBeGreaterThan(0);
  });
});
