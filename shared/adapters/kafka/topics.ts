import { ConfigError } from '../../core/errors.ts';
import { counted, listed } from '../../core/words.ts';
import type { KafkaAdmin, TopicState } from './kafka-client.ts';
import { typesOf } from './kafka-errors.ts';

/** The largest batch of records that a topic takes, in bytes. */
export const MESSAGE_BYTES_MAX = 4 * 1024 * 1024;
/** A topic that takes less than this is refused: the store's largest messages have to fit. */
export const MESSAGE_BYTES_MIN = 1024 * 1024;
const REPLICAS_MAX = 3;
const SEGMENT_MS = 86_400_000;
/** What `segment.ms` is in a topic that does not say it, unless a broker is set otherwise. */
const KAFKA_SEGMENT_MS = 7 * 86_400_000;
const TIMESTAMP_TYPE = 'LogAppendTime';
/** What a broker says where its own rules are against a topic: asking again brings nothing. */
const REFUSED = ['POLICY_VIOLATION', 'INVALID_CONFIG'];
/** What it says of a name that it does not take, whoever makes the topic. */
const NAME_REFUSED = 'INVALID_TOPIC_EXCEPTION';

export interface TopicRules {
  readonly names: readonly string[];
  readonly partitions: number;
  /** How many copies each has at least; as many as there are brokers, at most three, where it is null. */
  readonly replicas: number | null;
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
  const brokers = await admin.brokers();
  const states = await Promise.all(rules.names.map((name) => admin.topic(name)));
  for (const [index, name] of rules.names.entries()) {
    const found = states[index] ?? null;
    // One after the other: while a topic is made, kafkajs fails on another that has no leader yet.
    if (found === null) await create(admin, name, rules, brokers);
    else assertFit(name, found, rules, brokers);
  }
}

async function create(admin: KafkaAdmin, name: string, rules: TopicRules, brokers: number): Promise<void> {
  const replicas = wantedReplicas(rules, brokers);
  if (replicas > brokers) {
    throw new ConfigError(
      'KAFKA_REPLICAS',
      `${counted(brokers, 'broker')} cannot hold ${replicas} replicas of ${name}`,
    );
  }
  if (!rules.create) {
    const remedy = `${byHand(rules, replicas)}, or set this to true`;
    throw new ConfigError('KAFKA_CREATE_TOPICS', `the topic ${name} is missing: ${remedy}`);
  }
  const config = configOf(rules, replicas);
  await admin.createTopic({ name, partitions: rules.partitions, replicas, config }).catch((error: unknown) => {
    const types = typesOf(error);
    if (types.includes(NAME_REFUSED)) {
      const what = `the broker refuses the name ${name} (${NAME_REFUSED})`;
      const why = 'perhaps it differs from that of another topic only in dots and underscores';
      throw new ConfigError('KAFKA_TOPIC_PREFIX', `${what}; ${why}: choose another prefix`);
    }
    const refusal = types.find((type) => REFUSED.includes(type));
    if (refusal === undefined) throw error;
    const what = `the broker refuses to make the topic ${name} as this store asks for it (${refusal})`;
    throw new ConfigError('KAFKA_CREATE_TOPICS', `${what}: ${byHand(rules, replicas)}`);
  });
}

function configOf({ retentionMs }: TopicRules, replicas: number): Readonly<Record<string, string>> {
  return {
    'cleanup.policy': 'delete',
    'compression.type': 'uncompressed',
    'message.timestamp.type': TIMESTAMP_TYPE,
    'max.message.bytes': String(MESSAGE_BYTES_MAX),
    'retention.ms': String(retentionMs),
    'retention.bytes': '-1',
    // A record stays for this long beyond its retention where few come.
    'segment.ms': String(SEGMENT_MS),
    'unclean.leader.election.enable': 'false',
    'min.insync.replicas': String(minInSync(replicas)),
  };
}

/** How an operator makes a topic: with what a start asks for, and a broker does not have by itself. */
function byHand(rules: TopicRules, replicas: number): string {
  const config = configOf(rules, replicas);
  const keys = ['message.timestamp.type', 'compression.type', 'retention.ms'];
  if (minInSync(replicas) > 1) keys.push('min.insync.replicas');
  if (segmentMsMax(rules) < KAFKA_SEGMENT_MS) keys.push('segment.ms');
  const settings = keys.map((key) => `${key}=${config[key]}`);
  return `make it with ${listed([counted(rules.partitions, 'partition'), counted(replicas, 'replica'), ...settings])}`;
}

function wantedReplicas({ replicas }: TopicRules, brokers: number): number {
  return replicas ?? Math.min(REPLICAS_MAX, brokers);
}

function assertFit(name: string, state: TopicState, rules: TopicRules, brokers: number): void {
  const { partitions, config } = state;
  if (partitions !== rules.partitions) {
    const growing = `stop what writes, let every reader come to the end, delete the topic and start again`;
    throw new ConfigError(
      'KAFKA_PARTITIONS',
      `the topic ${name} has ${counted(partitions, 'partition')}, not ${rules.partitions}. Messages of one key would change their ` +
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
  assertKept(name, config, rules);
  assertCopies(name, state, wantedReplicas(rules, brokers));
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

/** Nothing but time removes a record, and time does. */
function assertKept(name: string, config: TopicState['config'], rules: TopicRules): void {
  assertConfig(name, config, 'retention.bytes', '-1', 'else records are removed by their size, however new they are');
  const segmentMs = Number(config['segment.ms']);
  const longestMs = segmentMsMax(rules);
  if (segmentMs <= longestMs) return;
  throw new ConfigError(
    'LOG_RETENTION_DAYS',
    `the topic ${name} removes records ${segmentMs} ms at a time, so they stay for as much longer than ${rules.retentionMs} ms: ` +
      `set segment.ms of the topic to ${longestMs} or less`,
  );
}

/** A segment goes when its newest record is old enough, so its oldest one stays for as much longer. */
function segmentMsMax({ retentionMs }: TopicRules): number {
  return Math.max(SEGMENT_MS, retentionMs);
}

/** An acknowledged message is in more than one place, where there are several. */
function assertCopies(name: string, { replicas, config }: TopicState, wanted: number): void {
  if (replicas < wanted) {
    throw new ConfigError(
      'KAFKA_REPLICAS',
      `the topic ${name} has fewer replicas (${replicas}) than it should have (${wanted}), and is lost with them: give it more ` +
        `(kafka-reassign-partitions), or set this to ${replicas}`,
    );
  }
  const inSync = Number(config['min.insync.replicas']);
  if (inSync > replicas) {
    const few = `the topic ${name} takes nothing with ${counted(replicas, 'replica')}, since min.insync.replicas is ${inSync}`;
    throw new ConfigError('KAFKA_TOPIC_PREFIX', `${few}: set it to ${minInSync(replicas)}`);
  }
  if (inSync >= minInSync(replicas)) return;
  const one = `the topic ${name} acknowledges what ${inSync} of ${replicas} replicas have, which may be lost with them`;
  throw new ConfigError('KAFKA_TOPIC_PREFIX', `${one}: set min.insync.replicas to ${minInSync(replicas)}`);
}

/** With two replicas, both in sync would mean that one that is away stops the store. */
function minInSync(replicas: number): number {
  return replicas >= REPLICAS_MAX ? 2 : 1;
}

function assertConfig(name: string, config: TopicState['config'], key: string, wanted: string, reason: string): void {
  const found = config[key];
  if (found === wanted) return;
  throw new ConfigError(
    'KAFKA_TOPIC_PREFIX',
    `the topic ${name} has ${key}=${found ?? ''}: set it to ${wanted} (${reason}), or choose another prefix`,
  );
}
