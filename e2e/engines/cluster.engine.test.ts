/** A store on three brokers, of which one after the other is killed and comes back while orders are placed. */
import { setTimeout as wait } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { shortHash } from '../../shared/core/hash.ts';
import { orderOf, post } from '../scenarios/client.ts';
import { afterAllTests, TestStore, temporaryFolder } from '../scenarios/harness.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { expectSentInOrder } from './sent-order.ts';
import { describeOnKafka } from './shared-broker.ts';

const BROKERS = 3;
const PARTITIONS = 3;
/** Between two orders. */
const PAUSE_MS = 50;
const ANSWERED_MS = 30_000;

/** Places one order after the other. */
class Load {
  readonly #store: TestStore;
  readonly #done: Promise<void>;
  #accepted = 0;
  #isOver = false;

  constructor(store: TestStore) {
    this.#store = store;
    this.#done = this.#run();
  }

  async #run(): Promise<void> {
    for (let n = 0; !this.#isOver; n++) {
      const { status } = await post(this.#store.url('/orders'), orderOf(`O-${n}`));
      if (status < 300) this.#accepted += 1;
      await wait(PAUSE_MS);
    }
  }

  /** So many orders more are accepted. */
  async next(orders: number): Promise<void> {
    const wanted = this.#accepted + orders;
    await waitUntil(() => this.#accepted >= wanted, {
      timeoutMs: ANSWERED_MS,
      what: `${orders} orders to be accepted`,
    });
  }

  /** Returns how many were accepted in all. */
  async end(): Promise<number> {
    this.#isOver = true;
    await this.#done;
    return this.#accepted;
  }
}

describeOnKafka('a store on three brokers', { timeout: 180_000 }, () => {
  let cluster: Cluster;
  let store: TestStore;
  let prefix: string;
  const atEnd = afterAllTests();

  beforeAll(async () => {
    cluster = await startCluster(Array.from({ length: BROKERS }, () => temporaryFolder(atEnd)));
    atEnd(() => cluster.stop());
    const dataDir = temporaryFolder(atEnd);
    prefix = `${shortHash(dataDir)}.`;
    const env = {
      DATA_DIR: dataDir,
      LOG: 'kafka',
      KAFKA_BROKERS: cluster.brokers.join(','),
      KAFKA_TOPIC_PREFIX: prefix,
      KAFKA_PARTITIONS: String(PARTITIONS),
    };
    store = await TestStore.create('one process', env, atEnd);
    await store.start();
  });

  it('loses nothing while two of them are killed and come back, one after the other', async () => {
    const load = new Load(store);
    for (const index of [0, 1]) {
      await load.next(20);
      await cluster.kill(index);
      await load.next(20);
      await cluster.restart(index);
      await load.next(20);
    }
    const accepted = await load.end();

    await waitUntil(() => store.ledger().orders.byStatus['placed'] === undefined, {
      timeoutMs: 60_000,
      what: 'the end',
    });
    const { orders, deadLetters, parked } = await store.settle();
    expect(Object.values(orders.byStatus).reduce((sum, count) => sum + (count ?? 0), 0)).toBe(accepted);
    expect(accepted).toBeGreaterThanOrEqual(120);
    await expectSentInOrder({ dataDir: store.dataDir, brokers: cluster.brokers, prefix, partitions: PARTITIONS });
    expect([...Object.values(deadLetters), ...Object.values(parked)].filter((count) => count > 0)).toEqual([]);
  });
});
