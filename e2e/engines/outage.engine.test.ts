/** A store whose broker is away: orders are taken up to the cap, then refused, and all of them are handled when it is back. */
import { expect, it } from 'vitest';
import { type Answer, orderOf, post, request } from '../scenarios/client.ts';
import { TestStore, temporaryFolder } from '../scenarios/harness.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { type Broker, startBroker } from './broker.ts';
import { describeOnKafka } from './shared-broker.ts';

const OUTAGE_MS = 60_000;
const UNSENT_MAX = 50;

describeOnKafka('a store whose broker is stopped', { timeout: 300_000 }, () => {
  it('takes orders up to OUTBOX_UNSENT_MAX, refuses the others with 503, and handles all it took when the broker is back', async () => {
    const broker = await startBroker({ dataDir: temporaryFolder() });
    let again: Broker | null = null;
    const store = await TestStore.create('one process', {
      LOG: 'kafka',
      KAFKA_BROKERS: broker.address,
      OUTBOX_UNSENT_MAX: String(UNSENT_MAX),
    });
    try {
      await store.start();
      await broker.stop();
      const stoppedMs = performance.now();
      const answers: Answer[] = [];
      for (let n = 0; n < UNSENT_MAX + 20; n++) {
        answers.push(await post(store.url('/orders'), orderOf(`O-${n}`)));
      }
      const accepted = answers.filter(({ status }) => status < 300).length;
      const refused = answers.filter(({ status }) => status === 503);
      const why = await request('GET', store.url('/orders/O-0/why'));
      await waitUntil(
        async () => {
          const { status, text } = await request('GET', store.url('/readyz', 'order'));
          return status === 503 && text.includes('cannot be read');
        },
        { timeoutMs: OUTAGE_MS, what: 'order to miss the broker' },
      );
      await new Promise((resolve) => setTimeout(resolve, OUTAGE_MS - (performance.now() - stoppedMs)));
      again = await startBroker({ port: broker.port, dataDir: broker.dataDir });

      expect([accepted, refused.length]).toEqual([UNSENT_MAX, 20]);
      expect(refused[0]?.headers['retry-after']).toMatch(/^\d+$/);
      expect(refused[0]?.text).toContain(`OUTBOX_UNSENT_MAX is ${UNSENT_MAX}`);
      expect(why.text).toMatch(/"kind":"unsent".*order has not sent OrderPlaced since/);
      await waitUntil(() => store.ledger().orders.byStatus['placed'] === undefined, {
        timeoutMs: 60_000,
        what: 'all orders to be handled',
      });
      const { orders } = await store.settle();
      expect(Object.values(orders.byStatus).reduce((sum, count) => sum + (count ?? 0), 0)).toBe(UNSENT_MAX);
      expect((await post(store.url('/orders'), orderOf('O-after'))).status).toBeLessThan(300);
    } finally {
      await store.end();
      await again?.stop();
    }
  });
});
