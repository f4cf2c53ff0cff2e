/** What is left of a group that has one member at a time does not keep it from reading. */
import { AssignerProtocol, Kafka, logLevel } from 'kafkajs';
import { expect, it, onTestFinished, vi } from 'vitest';
import { KafkajsClient } from '../../shared/adapters/kafka/kafkajs-client.ts';
import { newCluster } from '../../shared/adapters/kafka/kafkajs-cluster.ts';
import { shortHash } from '../../shared/core/hash.ts';
import { count } from '../../shared/testing/probe.ts';
import { TestStore, temporaryFolder } from '../scenarios/harness.ts';
import { logOf, MARK, makeTopics, newPrefix, readCount, rowsOf, WRITTEN } from './kafka-examples.ts';
import { describeOnKafka, sharedBrokers } from './shared-broker.ts';

const LONG_SESSION = new URL('../../dist/e2e/engines/long-session.js', import.meta.url).href;

describeOnKafka('a function that was killed', () => {
  it('is ready again before the broker has missed it', async () => {
    const dataDir = temporaryFolder();
    const store = await TestStore.create('a process each', {
      DATA_DIR: dataDir,
      LOG: 'kafka',
      KAFKA_BROKERS: sharedBrokers.join(','),
      KAFKA_TOPIC_PREFIX: `${shortHash(dataDir)}.`,
      // However slow the start is, the broker misses no member before it is over.
      NODE_OPTIONS: `--import=${LONG_SESSION}`,
    });
    await store.start(['notification']);
    await store.kill('notification');

    await expect(store.start(['notification'])).resolves.toBeUndefined();
  });
});

describeOnKafka('the only member of a group', () => {
  it('gets its lanes back from a forgotten member that the broker does not miss', async () => {
    const prefix = newPrefix();
    await makeTopics(prefix, 1);
    const client = new KafkajsClient({ brokers: sharedBrokers, hasOneMember: true });
    const log = logOf({ prefix, partitions: 1, client, hasOneMember: true });
    onTestFinished(() => log.close());
    const warnings: string[] = [];
    const options = { topics: [WRITTEN], positions: async () => [], wake: () => undefined };
    const onWarning = (sentence: string) => void warnings.push(sentence);
    const subscription = await log.subscribe({ group: 'readers', onWarning, ...options });
    const waits = { timeout: 60_000, interval: 100 };
    await vi.waitFor(() => expect(subscription.unavailableReason()).toBeNull(), waits);

    await joinAndForget(`${prefix}saga-store.readers`, `${prefix}${WRITTEN}`);
    await vi.waitFor(() => expect(subscription.unavailableReason()).toContain('is not taken up yet'), waits);
    await log.send(rowsOf([count('a', 1)]), MARK);

    expect(await readCount(subscription, 1)).toHaveLength(1);
    expect(warnings).toEqual([expect.stringContaining(`${WRITTEN}/0 was not assigned to the only consumer`)]);
    expect(subscription.unavailableReason()).toBeNull();
  });
});

interface Coordinator {
  joinGroup(member: object): Promise<unknown>;
}

/** Joins a group with a name that comes before those of the store, and is never heard of again. */
async function joinAndForget(groupId: string, topic: string): Promise<void> {
  const kafka = new Kafka({ clientId: 'a', brokers: [...sharedBrokers], logLevel: logLevel.NOTHING });
  const cluster = newCluster(kafka);
  await cluster.connect();
  const coordinator = (await cluster.findGroupCoordinator({ groupId })) as unknown as Coordinator;
  const metadata = AssignerProtocol.MemberMetadata.encode({ version: 0, topics: [topic], userData: Buffer.alloc(0) });
  await coordinator.joinGroup({
    ...{ groupId, sessionTimeout: 600_000, rebalanceTimeout: 600_000 },
    groupProtocols: [{ name: 'RoundRobinAssigner', metadata }],
  });
  await cluster.disconnect();
}
