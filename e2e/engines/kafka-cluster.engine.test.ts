import { setTimeout as wait } from 'node:timers/promises';
import { beforeEach, expect, it } from 'vitest';
import { KafkaLog } from '../../shared/adapters/kafka/kafka-log.ts';
import { KafkajsClient } from '../../shared/adapters/kafka/kafkajs-client.ts';
import { systemClock } from '../../shared/adapters/system-clock.ts';
import type { LogRecord } from '../../shared/ports/message-log.ts';
import type { UnsentRow } from '../../shared/ports/relayed.ts';
import { laneName, type Position } from '../../shared/ports/store.ts';
import { placesOf } from './kafka-examples.ts';
import { MockCluster } from './mock-cluster.ts';
import { describeOnMockCluster, mockClusterProgram } from './shared-broker.ts';

const BROKERS = [1, 2, 3] as const;
const PARTITIONS = 6;
const KEYS = 20;
const READ_MS = 60_000;
/** A mock broker answers each fetch with one batch of a lane: a fast machine must not send more than a slow broker is asked for. */
const SEND_REST_MS = 10;

describeOnMockCluster('the log on brokers of which some fail', () => {
  let cluster: MockCluster;
  let log: KafkaLog;
  beforeEach(async () => {
    cluster = await MockCluster.start(mockClusterProgram);
    await cluster.createTopic('events', PARTITIONS);
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      await cluster.leader('events', partition, (partition % BROKERS.length) + 1);
    }
    const client = new KafkajsClient({ brokers: cluster.brokers });
    const topics = { events: 'order' };
    log = new KafkaLog({ client, prefix: '', partitions: PARTITIONS, topics, readers: [], clock: systemClock });
    return async () => {
      await log.close();
      await cluster.stop();
    };
  });

  /** Sends rows in their order, each send until it is confirmed, until `isOver`. Returns how many rows there are. */
  async function relay(isOver: () => boolean): Promise<number> {
    let position = 0;
    for (let send = 1; !isOver(); send += 1) {
      const rows = Array.from({ length: 20 }, () => rowOf(++position));
      while (!(await isSent(rows, send))) await wait(50);
      await wait(SEND_REST_MS);
    }
    return position;
  }

  async function isSent(rows: readonly UnsentRow[], send: number): Promise<boolean> {
    try {
      await log.send(rows, { token: 1, send });
      return true;
    } catch {
      return false;
    }
  }

  async function read(isComplete: (seen: ReadonlyMap<number, number>) => boolean): Promise<readonly LogRecord[]> {
    let own: readonly Position[] = [];
    const options = { group: 'readers', topics: ['events'], positions: async () => own, wake: () => undefined };
    const subscription = await log.subscribe(options);
    const records: LogRecord[] = [];
    const seen = new Map<number, number>();
    const startedMs = performance.now();
    while (!isComplete(seen)) {
      expect(performance.now() - startedMs, `${seen.size} seen: ${subscription.unavailableReason()}`).toBeLessThan(
        READ_MS,
      );
      const batch = await subscription.poll(100);
      for (const record of batch) seen.set(Number(record.value), record.position);
      records.push(...batch);
      const places = placesOf(batch);
      own = [...places, ...own.filter((one) => places.every((place) => laneName(place) !== laneName(one)))];
      await subscription.acknowledge(places);
      if (batch.length === 0) await wait(5);
    }
    return records;
  }

  it.each([
    [
      'one by one',
      async () => {
        for (const broker of BROKERS) {
          await cluster.down(broker);
          await wait(1_000);
          await cluster.up(broker);
          await wait(500);
        }
      },
    ],
    [
      'all at once',
      async () => {
        for (const broker of BROKERS) await cluster.down(broker);
        await wait(3_000);
        for (const broker of BROKERS) await cluster.up(broker);
      },
    ],
    [
      'by moves of their leaders, slowly',
      async () => {
        await cluster.rtt(2, 100);
        for (let move = 0; move < 12; move += 1) {
          await cluster.leader('events', move % PARTITIONS, (move % BROKERS.length) + 1);
          await wait(200);
        }
      },
    ],
  ])('loses nothing, and keeps the order of each key, while they go %s', async (_, fault) => {
    let isOver = false;
    let total = Number.POSITIVE_INFINITY;
    const relayed = relay(() => isOver).then((count) => {
      total = count;
    });
    const reading = read((seen) => seen.size >= total);
    await wait(500);
    await fault();
    await wait(500);
    isOver = true;
    await relayed;

    const records = await reading;

    const first = [...new Set(records.map(({ value }) => Number(value)))];
    expect(first.toSorted((a, b) => a - b)).toEqual(Array.from({ length: total }, (_, index) => index + 1));
    for (let key = 0; key < KEYS; key += 1) {
      const own = first.filter((number) => number % KEYS === key);
      expect(own).toEqual(own.toSorted((a, b) => a - b));
    }
  });
});

function rowOf(position: number): UnsentRow {
  const partitionKey = `k${position % KEYS}`;
  const attributes = JSON.stringify({ specversion: '1.0', id: `m${position}`, source: '/order', type: 'Counted' });
  return { topic: 'events', partitionKey, epoch: 'first', position, attributes, data: String(position) };
}
