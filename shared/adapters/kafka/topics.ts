import { ConfigError } from '../../core/errors.ts';
import type { KafkaAdmin, TopicState } from './kafka-client.ts';

/** The largest batch of records that a topic takes, in bytes. */
export const MESSAGE_BYTES_MAX = 4 * 1024 * 1024;
/** A topic that takes less than this is refused: the store's largest messages have to fit. */
const MESSAGE_BYTES_MIN = 1024 * 1024;
const REPLICAS_MAX = 3;
const SEGMENT_MS = 86_400_000;
const TIMESTAMP_TYPE = 'LogAppendTime';

export interface TopicRules {
  readonly names: readonly string[];
  readonly partitions: number;
  /** How long a record is kept, in milliseconds. */
  readonly retentionMs: number;
  /** Whether missing topics are made. */
  readonly create: boolean;
}

/**
 * Makes the topics that are missing, and looks whether those that exist can carry the store's promises.
 *
 * @throws {ConfigError} naming the setting that does not agree with a topic
 */
export async function ensureTopics(admin: KafkaAdmin, rules: TopicRules): Promise<void> {
  const ensure = async (name: string) => {
    const found = await admin.topic(name);
    if (found === null) await create(admin, name, rules);
    else assertFit(name, found, rules);
  };
  await Promise.all(rules.names.map(ensure));
}

async function create(admin: KafkaAdmin, name: string, rules: TopicRules): Promise<void> {
  if (!rules.create) {
    const remedy = `make it with ${rules.partitions} partitions and message.timestamp.type=${TIMESTAMP_TYPE}`;
    throw new ConfigError('KAFKA_CREATE_TOPICS', `the topic ${name} is missing: ${remedy}, or set this to true`);
  }
  const replicas = Math.min(REPLICAS_MAX, await admin.brokers());
  await admin.createTopic({
    name,
    partitions: rules.partitions,
    replicas,
    config: {
      'cleanup.policy': 'delete',
      'compression.type': 'uncompressed',
      'message.timestamp.type': TIMESTAMP_TYPE,
      'max.message.bytes': String(MESSAGE_BYTES_MAX),
      'retention.ms': String(rules.retentionMs),
      // A record stays for this long beyond its retention where few come.
      'segment.ms': String(SEGMENT_MS),
      'unclean.leader.election.enable': 'false',
      'min.insync.replicas': replicas >= REPLICAS_MAX ? '2' : '1',
    },
  });
}

function assertFit(name: string, { partitions, config }: TopicState, rules: TopicRules): void {
  if (partitions !== rules.partitions) {
    const growing = `stop what writes, let every reader come to the end, delete the topic and start again`;
    throw new ConfigError(
      'KAFKA_PARTITIONS',
      `the topic ${name} has ${partitions} partitions, not ${rules.partitions}. Messages of one key would change their ` +
        `partition and overtake each other: set it to ${partitions}; or ${growing}`,
    );
  }
  const retentionMs = Number(config['retention.ms']);
  if (!(retentionMs >= 0 && retentionMs <= rules.retentionMs)) {
    const kept = retentionMs < 0 ? 'for ever' : `for ${retentionMs} ms`;
    throw new ConfigError(
      'LOG_RETENTION_DAYS',
      `the topic ${name} keeps its records ${kept}, longer than the ${rules.retentionMs} ms that are set, so they could ` +
        `come again when the store no longer knows them: set retention.ms of the topic to ${rules.retentionMs} or less`,
    );
  }
  assertConfig(
    name,
    config,
    'message.timestamp.type',
    TIMESTAMP_TYPE,
    'else the clock of a sender decides what is kept',
  );
  assertConfig(name, config, 'cleanup.policy', 'delete', 'else records are removed that were not read');
  assertConfig(name, config, 'compression.type', 'uncompressed', 'else a sender may compress as no reader can read');
  const largest = Number(config['max.message.bytes']);
  if (largest < MESSAGE_BYTES_MIN) {
    const remedy = `set max.message.bytes to ${MESSAGE_BYTES_MAX}`;
    throw new ConfigError('KAFKA_TOPIC_PREFIX', `the topic ${name} takes at most ${largest} bytes: ${remedy}`);
  }
}

function assertConfig(name: string, config: TopicState['config'], key: string, wanted: string, reason: string): void {
  const found = config[key];
  if (found === wanted) return;
  throw new ConfigError(
    'KAFKA_TOPIC_PREFIX',
    `the topic ${name} has ${key}=${found ?? ''}: set it to ${wanted} (${reason}), or choose another prefix`,
  );
}
