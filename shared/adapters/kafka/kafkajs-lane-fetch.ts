import { createRequire } from 'node:module';
import type { Lane } from '../../ports/store.ts';
import type { KafkaAdmin, KafkaRecord } from './kafka-client.ts';
import { type Cluster, newCluster } from './kafkajs-cluster.ts';
import { Reconnecting } from './reconnecting.ts';
import { flatHeaders } from './record-headers.ts';

/** How long the broker waits for a record where there is none: who looks at a topic asks only for what is there. */
const WAIT_MS = 100;
const BYTES_MAX = 1024 * 1024;
const READ_COMMITTED = 1;
const METADATA_MAX_AGE_MS = 30_000;

interface FetchedBatch {
  readonly messages: readonly {
    readonly offset: string;
    readonly timestamp: string;
    readonly value: Buffer | null;
    readonly headers?: Parameters<typeof flatHeaders>[0];
  }[];
  lastOffset(): string;
  isEmptyIncludingFiltered(): boolean;
}

/** For parts of the library that it does not export. */
export const load = createRequire(import.meta.url);
const Batch = load('kafkajs/src/consumer/batch') as new (
  topic: string,
  offset: string,
  partition: object,
) => FetchedBatch;

/** Fetches records of a lane without joining a group, which would take seconds and leave a group behind. */
export class LaneFetch {
  readonly #cluster: Reconnecting<Cluster>;

  constructor(kafka: object) {
    this.#cluster = new Reconnecting(() =>
      newCluster(kafka, { metadataMaxAge: METADATA_MAX_AGE_MS, isolationLevel: READ_COMMITTED }),
    );
  }

  records({ topic, partition }: Lane, offset: number): ReturnType<KafkaAdmin['records']> {
    return this.#cluster.use(async (cluster) => {
      await cluster.addTargetTopic(topic);
      await cluster.refreshMetadataIfNecessary();
      const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
      if (nodeId === undefined) throw new Error(`${topic}/${partition} has no leader`);
      const broker = await cluster.findBroker({ nodeId });
      const fetchOffset = String(offset);
      const { responses } = await broker.fetch({
        maxWaitTime: WAIT_MS,
        minBytes: 1,
        maxBytes: BYTES_MAX,
        isolationLevel: READ_COMMITTED,
        topics: [{ topic, partitions: [{ partition, fetchOffset, maxBytes: BYTES_MAX }] }],
      });
      const found = responses[0]?.partitions[0];
      return found === undefined
        ? { records: [], next: offset }
        : recordsIn(new Batch(topic, fetchOffset, found), offset);
    });
  }

  close(): Promise<void> {
    return this.#cluster.close();
  }
}

function recordsIn(batch: FetchedBatch, offset: number) {
  const records = batch.messages.map(({ offset: at, timestamp, value, headers }): KafkaRecord => {
    return { offset: Number(at), timestampMs: Number(timestamp), value, headers: flatHeaders(headers) };
  });
  return { records, next: batch.isEmptyIncludingFiltered() ? offset : Number(batch.lastOffset()) + 1 };
}
