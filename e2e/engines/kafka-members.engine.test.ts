/** A function that was killed goes on as soon as it is started again: what it left in its group is dismissed. */
import { expect, it } from 'vitest';
import { shortHash } from '../../shared/core/hash.ts';
import { TestStore, temporaryFolder } from '../scenarios/harness.ts';
import { describeOnKafka, sharedBrokers } from './shared-broker.ts';

/** The broker waits 10 s for a member that says nothing, and the start of the process takes its time. */
const SOON_MS = 8_000;

describeOnKafka('a function that was killed', () => {
  it('is ready again before the broker has missed it', async () => {
    const dataDir = temporaryFolder();
    const store = await TestStore.create('a process each', {
      DATA_DIR: dataDir,
      LOG: 'kafka',
      KAFKA_BROKERS: sharedBrokers.join(','),
      KAFKA_TOPIC_PREFIX: `${shortHash(dataDir)}.`,
    });
    await store.start(['notification']);
    await store.kill('notification');

    const startMs = performance.now();
    await store.start(['notification']);

    expect(performance.now() - startMs).toBeLessThan(SOON_MS);
  });
});
