/** A function that was killed goes on as soon as it is started again: what it left in its group is dismissed. */
import { expect, it } from 'vitest';
import { shortHash } from '../../shared/core/hash.ts';
import { TestStore, temporaryFolder } from '../scenarios/harness.ts';
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
