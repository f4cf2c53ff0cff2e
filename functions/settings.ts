import { z } from 'zod';
import { ConfigError } from '../shared/core/errors.ts';
import { isCurrency } from '../shared/core/money.ts';
import { deadLetterSettings } from '../shared/runtime/dead-letters/settings.ts';
import { retentionSettings } from '../shared/runtime/retention/settings.ts';
import { retrySettings } from './retry-settings.ts';

const portSchema = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a port, 0 to 65535')
  .transform(Number)
  .pipe(z.int().max(65_535));
const urlSchema = z.url({ protocol: /^https?$/ });
const flagSchema = z.enum(['true', 'false']).transform((flag) => flag === 'true');
/** Seconds, a year at most. */
const deadlineSchema = z.coerce
  .number()
  .int()
  .min(1)
  .max(365 * 24 * 60 * 60);

const settings = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  GATEWAY_PORT: portSchema.default(8900),
  INVENTORY_PORT: portSchema.default(8901),
  ORDER_PORT: portSchema.default(8902),
  NOTIFICATION_PORT: portSchema.default(8903),
  DATA_DIR: z.string().min(1).default('./data'),
  ENABLE_AUTOMATION: flagSchema.default(false),
  NODE_ENV: z.enum(['production', 'development', 'test']).optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  DEFAULT_CURRENCY: z.string().refine(isCurrency, 'must be a currency of ISO 4217, such as EUR').default('EUR'),
  ORDER_DEADLINE_S: deadlineSchema.default(15 * 60),
  BACKORDER_DEADLINE_S: deadlineSchema.default(7 * 24 * 60 * 60),
  ORDER_URL: urlSchema.optional(),
  INVENTORY_URL: urlSchema.optional(),
  NOTIFICATION_URL: urlSchema.optional(),
  GATEWAY_TIMEOUT_MS: z.coerce.number().int().min(1).max(600_000).default(5_000),
  GATEWAY_RETRIES: z.coerce.number().int().min(0).max(20).default(4),
  EMBEDDED_POLL_MS: z.coerce.number().int().min(1).max(60_000).default(5),
  ...retrySettings,
  ...deadLetterSettings,
  ...retentionSettings,
});

/** Never shown. */
const secrets: ReadonlySet<string> = new Set(['OPERATIONS_TOKEN']);

/** The settings of a process, by the names of the environment variables. */
export type Config = Readonly<z.infer<typeof settings>>;

/**
 * Reads the settings. An empty variable counts as absent.
 * @throws {ConfigError} naming the first setting that cannot be used, and why.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = settings.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const setting = String(issue?.path[0] ?? 'settings');
  const problem = issue?.message ?? 'cannot be used';
  throw new ConfigError(
    setting,
    secrets.has(setting) ? problem : `${problem}; it is ${JSON.stringify(given[setting])}`,
  );
}
