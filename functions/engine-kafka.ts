import pRetry from 'p-retry';
import { type ConnectionProblem, connectionProblem } from '../shared/adapters/kafka/connection-problem.ts';
import { KafkaLog } from '../shared/adapters/kafka/kafka-log.ts';
import { KafkajsClient } from '../shared/adapters/kafka/kafkajs-client.ts';
import { namingRefusals } from '../shared/adapters/kafka/refused-access.ts';
import { ensureTopics } from '../shared/adapters/kafka/topics.ts';
import { systemClock } from '../shared/adapters/system-clock.ts';
import { DAY_MS } from '../shared/core/days.ts';
import { ConfigError } from '../shared/core/errors.ts';
import type { StoreFunction } from '../shared/runtime/function.ts';
import { connectionOf } from './engine-connection.ts';
import type { KafkaEngineSettings, LogSettings } from './engine-settings.ts';

/** For how long a start tries to reach a broker. */
const RETRY_MS = 15_000;
/** For how long, where it is let in by none, and its settings may be why. */
const UNSURE_MS = 2_000;
const RETRY = { retries: 40, minTimeout: 100, factor: 1.5, maxTimeout: 1_000, maxRetryTime: RETRY_MS };

/**
 * The log on a Kafka cluster, with its topics.
 * @param topics the only function that writes each topic; null for a public topic
 * @param functions every function of the store, as a reader of topics
 * @throws {ConfigError} when no broker answers, one refuses what the store needs, or a topic is not as the settings say
 */
export async function openKafkaLog(
  settings: KafkaEngineSettings,
  topics: Readonly<Record<string, string | null>>,
  functions: readonly Pick<StoreFunction, 'name' | 'consumes'>[],
): Promise<KafkaLog> {
  const connection = connectionOf(settings);
  // The lock of its database lets one process of a function run.
  const client = namingRefusals(new KafkajsClient({ ...connection, hasOneMember: true }), connection);
  const prefix = settings.KAFKA_TOPIC_PREFIX;
  const rules = {
    names: Object.keys(topics).map((name) => `${prefix}${name}`),
    partitions: settings.KAFKA_PARTITIONS,
    replicas: settings.KAFKA_REPLICAS ?? null,
    retentionMs: settings.LOG_RETENTION_DAYS * DAY_MS,
    create: settings.KAFKA_CREATE_TOPICS,
  };
  const startedMs = performance.now();
  const isOver = (error: unknown) => {
    const problem = connectionProblem(error, connection);
    return problem !== null && (problem.isSure || performance.now() - startedMs > UNSURE_MS);
  };
  try {
    // A broker may be starting as well, and a topic that another process has just made is not known everywhere at once.
    await pRetry(() => ensureTopics(client.admin, rules), {
      ...RETRY,
      shouldRetry: ({ error }) => !(error instanceof ConfigError || isOver(error)),
    });
  } catch (error) {
    await client.close();
    throw error instanceof ConfigError ? error : unreachable(settings, error, connectionProblem(error, connection));
  }
  const readers = functions.map(({ name, consumes }) => ({ group: name, topics: consumes }));
  return new KafkaLog({
    client,
    prefix,
    partitions: settings.KAFKA_PARTITIONS,
    hasOneMember: true,
    topics,
    readers,
    clock: systemClock,
    skipsPruned: settings.SKIP_PRUNED_RECORDS,
  });
}

function unreachable({ KAFKA_BROKERS }: LogSettings, error: unknown, problem: ConnectionProblem | null): ConfigError {
  const places = KAFKA_BROKERS.join(', ');
  if (problem !== null) return new ConfigError(problem.setting, `${problem.sentence} (${places})`);
  const why = error instanceof Error ? error.message : String(error);
  const advice = 'start one with "npm run start-kafka-broker", or set it to yours';
  return new ConfigError('KAFKA_BROKERS', `no broker can be used at ${places}: ${why}; ${advice}`);
}
