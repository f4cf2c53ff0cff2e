import type { KafkaLog } from '../../shared/adapters/kafka/kafka-log.ts';
import { logConformance } from '../../shared/testing/log.conformance.ts';
import type { LogSubject } from '../../shared/testing/log-examples.ts';
import { logOf, MARK, makeTopics, newPrefix, PUBLIC, rowsOf, WRITTEN } from './kafka-examples.ts';
import { settling } from './settling-log.ts';
import { describeOnKafka } from './shared-broker.ts';

describeOnKafka('on a broker', () => logConformance('the log on Kafka', subject));

async function subject(): Promise<LogSubject> {
  const prefix = newPrefix();
  await makeTopics(prefix, 1);
  const logs: KafkaLog[] = [];
  return {
    written: WRITTEN,
    publicTopic: PUBLIC,
    notesReceipt: true,
    group: 'known',
    async open() {
      const log = logOf({ prefix, partitions: 1 });
      logs.push(log);
      return settling(log);
    },
    async publish(_log, messages) {
      await logs[0]?.send(rowsOf(messages), MARK);
    },
    async commitPositions(log, positions) {
      const reader = await log.subscribe({
        group: 'known',
        topics: [WRITTEN],
        positions: async () => positions,
        wake: () => undefined,
      });
      await reader.acknowledge(positions);
      await reader.close();
    },
    async remove() {},
  };
}
