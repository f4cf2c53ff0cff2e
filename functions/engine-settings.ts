import { z } from 'zod';
import { wholeNumberSetting } from '../shared/core/number-setting.ts';

const flagSchema = z.enum(['true', 'false']).transform((flag) => flag === 'true');
const PORT_MAX = 65_535;

/** The client library takes what stands before the first colon for the host. */
const brokersSchema = z
  .string()
  .regex(
    /^[^\s,:]+:\d{1,5}(,[^\s,:]+:\d{1,5})*$/,
    'must be host:port, or several of them separated by commas, where a host is a name or an IPv4 address',
  )
  .transform((text) => text.split(','))
  .refine((brokers) => brokers.every(isPort), `must have ports from 1 to ${PORT_MAX}`);

function isPort(broker: string): boolean {
  const port = Number(broker.split(':')[1]);
  return port >= 1 && port <= PORT_MAX;
}

export const logs = ['embedded', 'kafka'] as const;

/** Which log carries the messages, and where it is. */
export const logSettings = {
  LOG: z.enum(logs).default('embedded'),
  KAFKA_BROKERS: brokersSchema.default(['127.0.0.1:9092']),
  KAFKA_TOPIC_PREFIX: z
    .string()
    .regex(/^[a-zA-Z0-9._-]{0,100}$/, 'must be at most 100 letters, digits, dots, underscores or hyphens')
    .default(''),
  KAFKA_PARTITIONS: wholeNumberSetting(1, 256).default(6),
  KAFKA_REPLICAS: wholeNumberSetting(1, 100).optional(),
  KAFKA_CREATE_TOPICS: flagSchema.default(true),
  KAFKA_SSL: flagSchema.default(false),
  KAFKA_SSL_CA_FILE: z.string().optional(),
  KAFKA_SSL_CERT_FILE: z.string().optional(),
  KAFKA_SSL_KEY_FILE: z.string().optional(),
  KAFKA_SASL_MECHANISM: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).optional(),
  KAFKA_SASL_USERNAME: z.string().optional(),
  KAFKA_SASL_PASSWORD: z.string().optional(),
  OUTBOX_UNSENT_MAX: wholeNumberSetting(1, 100_000_000).default(100_000),
} as const;

export type LogSettings = z.infer<z.ZodObject<typeof logSettings>>;

/** What a log needs of the settings. */
export interface KafkaEngineSettings extends LogSettings {
  readonly LOG_RETENTION_DAYS: number;
  /** Whether a function goes on although records that it has not read were pruned. */
  readonly SKIP_PRUNED_RECORDS: boolean;
}

/** The name of the log, as data files note it: data go on in another one only by a move. */
export function logNameOf({ LOG, KAFKA_TOPIC_PREFIX }: Pick<LogSettings, 'LOG' | 'KAFKA_TOPIC_PREFIX'>): string {
  return LOG === 'embedded' || KAFKA_TOPIC_PREFIX === '' ? LOG : `${LOG}:${KAFKA_TOPIC_PREFIX}`;
}

/** The settings of the log with this name. */
export function logNamed(name: string): Pick<LogSettings, 'LOG' | 'KAFKA_TOPIC_PREFIX'> {
  const [log, prefix = ''] = name.split(':');
  return { LOG: log === 'kafka' ? 'kafka' : 'embedded', KAFKA_TOPIC_PREFIX: prefix };
}
