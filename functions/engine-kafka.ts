import pRetry from 'p-retry';
import { KafkaLog } from '../shared/adapters/kafka/kafka-log.ts';
import { KafkajsClient, type KafkajsOptions } from '../shared/adapters/kafka/kafkajs-client.ts';
import { prefixed } from '../shared/adapters/kafka/prefixed-client.ts';
import { ensureTopics } from '../shared/adapters/kafka/topics.ts';
import { systemClock } from '../shared/adapters/system-clock.ts';
import { DAY_MS } from '../shared/core/days.ts';
import { ConfigError } from '../shared/core/errors.ts';
import type { StoreFunction } from '../shared/runtime/function.ts';
import { textOf } from './engine-secrets.ts';
import type { KafkaEngineSettings, LogSettings } from './engine-settings.ts';

/** For how long a start tries to reach a broker. */
const RETRY = { retries: 40, minTimeout: 100, factor: 1.5, maxTimeout: 1_000, maxRetryTime: 15_000 };

/**
 * The log on a Kafka cluster, with its topics.
 * @param topics the only function that writes each topic; null for a public topic
 * @param functions every function of the store, as a reader of topics
 * @throws {ConfigError} when no broker answers, or a topic is not as the settings say
 */
export async function openKafkaLog(
  settings: KafkaEngineSettings,
  topics: Readonly<Record<string, string | null>>,
  functions: readonly Pick<StoreFunction, 'name' | 'consumes'>[],
): Promise<KafkaLog> {
  const client = new KafkajsClient({
    ...connectionOf(settings),
    // The lock of its database lets one process of a function run.
    hasOneMember: true,
  });
  const prefix = settings.KAFKA_TOPIC_PREFIX;
  const rules = {
    names: Object.keys(topics),
    partitions: settings.KAFKA_PARTITIONS,
    retentionMs: settings.LOG_RETENTION_DAYS * DAY_MS,
    create: settings.KAFKA_CREATE_TOPICS,
  };
  try {
    // A broker may be starting as well, and a topic that another process has just made is not known everywhere at once.
    await pRetry(() => ensureTopics(prefixed(client, prefix).admin, rules), {
      ...RETRY,
      shouldRetry: ({ error }) => !(error instanceof ConfigError),
    });
  } catch (error) {
    await client.close();
    throw error instanceof ConfigError ? error : unreachable(settings, error);
  }
  const readers = functions.map(({ name, consumes }) => ({ group: name, topics: consumes }));
  return new KafkaLog({
    client,
    prefix,
    partitions: settings.KAFKA_PARTITIONS,
    topics,
    readers,
    clock: systemClock,
    skipsPruned: settings.SKIP_PRUNED_RECORDS,
  });
}

function connectionOf(settings: LogSettings): KafkajsOptions {
  const { KAFKA_BROKERS: brokers, KAFKA_SASL_MECHANISM: mechanism } = settings;
  const ssl = tlsOf(settings);
  if (mechanism === undefined) return { brokers, ...(ssl === null ? {} : { ssl }) };
  const { KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password } = settings;
  if (username === undefined) throw new ConfigError('KAFKA_SASL_USERNAME', 'KAFKA_SASL_MECHANISM needs it');
  if (password === undefined) {
    throw new ConfigError('KAFKA_SASL_PASSWORD', 'KAFKA_SASL_MECHANISM needs it, or KAFKA_SASL_PASSWORD_FILE');
  }
  return { brokers, ...(ssl === null ? {} : { ssl }), sasl: { mechanism, username, password } };
}

/** What TLS trusts and shows; null for plain text. */
function tlsOf(settings: LogSettings): NonNullable<KafkajsOptions['ssl']> | null {
  const files = [
    ['ca', 'KAFKA_SSL_CA_FILE'],
    ['cert', 'KAFKA_SSL_CERT_FILE'],
    ['key', 'KAFKA_SSL_KEY_FILE'],
  ] as const;
  const given = files.flatMap(([name, setting]) => {
    const file = settings[setting];
    return file === undefined ? [] : [[name, setting, file] as const];
  });
  const [first] = given;
  if (settings.KAFKA_SSL) {
    return (
      given.length === 0 || Object.fromEntries(given.map(([name, setting, file]) => [name, textOf(setting, file)]))
    );
  }
  if (first !== undefined) throw new ConfigError(first[1], 'it is used only with KAFKA_SSL=true');
  return null;
}

function unreachable({ KAFKA_BROKERS }: LogSettings, error: unknown): ConfigError {
  const why = error instanceof Error ? error.message : String(error);
  const advice = 'start one with "npm run start-kafka-broker", or set it to yours';
  return new ConfigError('KAFKA_BROKERS', `no broker can be used at ${KAFKA_BROKERS.join(', ')}: ${why}; ${advice}`);
}
