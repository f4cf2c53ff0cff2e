import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { KafkaLog } from '../../shared/adapters/kafka/kafka-log.ts';
import type { LogRecord, Subscription } from '../../shared/ports/message-log.ts';
import type { Position } from '../../shared/ports/store.ts';
import { count } from '../../shared/testing/probe.ts';
import { type Broker, startBroker } from './broker.ts';
import { clientOf, logOf, MARK, makeTopics, placesOf, readCount, rowsOf, WRITTEN } from './kafka-examples.ts';
import { describeOnKafka } from './shared-broker.ts';

const NOTICED_MS = 20_000;
const BACK_MS = 60_000;

describeOnKafka('a broker that fails', () => {
  let dataDir: string;
  let broker: Broker;
  let log: KafkaLog;
  let positions: readonly Position[];
  let subscription: Subscription;

  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'saga-store-faults-'));
    broker = await startBroker({ dataDir });
    await makeTopics('', 2, [broker.address]);
    log = logOf({ prefix: '', partitions: 2, client: clientOf([broker.address]) });
    positions = [];
    const options = { topics: [WRITTEN], positions: async () => positions, wake: () => undefined };
    subscription = await log.subscribe({ group: 'readers', ...options });
    await send('before');
    expect(await next()).toEqual(['before']);
  });

  afterEach(async () => {
    broker.resume();
    await log.close();
    await broker.kill();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const send = (name: string) => log.send(rowsOf([count(name, 1)]), MARK);

  /** The next records, which the reader then has processed. */
  async function next(): Promise<readonly unknown[]> {
    let records: readonly LogRecord[] = [];
    await vi.waitFor(async () => {
      records = await subscription.poll(10);
      expect(records).not.toEqual([]);
    }, BACK_MS);
    const places = placesOf(records);
    positions = [...places, ...positions.filter((own) => places.every(({ partition }) => partition !== own.partition))];
    await subscription.acknowledge(places);
    return records.map(({ attributes }) => attributes['subject']);
  }

  const restart = async () => {
    broker = await startBroker({ dataDir, port: broker.port });
  };

  it('by a crash is noticed, and used again when it is back', async () => {
    await broker.kill();

    await vi.waitFor(
      () => expect(subscription.unavailableReason()).toContain('probe-events cannot be read'),
      NOTICED_MS,
    );
    await expect(send('during')).rejects.toMatchObject({ code: 'unavailable', retryAfterS: 1 });
    await expect(log.progress(WRITTEN)).rejects.toMatchObject({ code: 'unavailable' });

    await restart();
    await vi.waitFor(() => send('after'), BACK_MS);
    expect(await next()).toEqual(['after']);
    // The other lane, and the coordinator of the other group, may be back a little later.
    await vi.waitFor(() => expect(subscription.unavailableReason()).toBeNull(), BACK_MS);
    const progress = await vi.waitFor(() => log.progress(WRITTEN), BACK_MS);
    expect(progress).toMatchObject([{ group: 'known', partition: 0 }, { partition: 1 }]);
  });

  it('by silence is noticed, and used again when it answers', async () => {
    broker.pause();

    await vi.waitFor(() => expect(subscription.unavailableReason()).toMatch(/not answered for \d+ s/), NOTICED_MS);
    await expect(send('during')).rejects.toMatchObject({ code: 'unavailable' });

    broker.resume();
    await vi.waitFor(() => send('after'), BACK_MS);
    const read: unknown[] = [];
    while (!read.includes('after')) read.push(...(await next()));
    // What was sent meanwhile may have arrived all the same: the sender does not know, and sends it again.
    expect(read.filter((name) => name !== 'during')).toEqual(['after']);
    await vi.waitFor(() => expect(subscription.unavailableReason()).toBeNull(), BACK_MS);
  });

  it('before a reader has joined keeps it waiting, and its log can be closed', async () => {
    await broker.stop();
    const other = logOf({ prefix: '', partitions: 2, client: clientOf([broker.address]) });
    const options = { topics: [WRITTEN], positions: async () => [], wake: () => undefined };
    const waiting = await other.subscribe({ group: 'others', ...options });

    await vi.waitFor(() => expect(waiting.unavailableReason()).toContain('cannot be read'), NOTICED_MS);
    expect(await waiting.poll(10)).toEqual([]);
    await restart();
    expect(await readCount(waiting, 1)).toHaveLength(1);
    await other.close();
  });
});
