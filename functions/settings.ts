import { z } from 'zod';
import type { FunctionName } from '../saga/choreography.ts';
import { ConfigError } from '../shared/core/errors.ts';
import { safeParseInput } from '../shared/core/issue-sentence.ts';
import { wholeNumberSetting } from '../shared/core/number-setting.ts';
import { printable } from '../shared/core/printable.ts';
import { wasReplaced } from '../shared/core/well-formed.ts';
import { deadLetterSettings } from '../shared/runtime/dead-letters/settings.ts';
import type { FunctionModule } from '../shared/runtime/function-module.ts';
import { httpOptionsOf, httpSettings } from '../shared/runtime/http/settings.ts';
import { retentionSettings } from '../shared/runtime/retention/settings.ts';
import { withSecretFiles } from './engine-secrets.ts';
import { logSettings } from './engine-settings.ts';
import { functionModules } from './registry.ts';
import { retryOverrides, retrySettings } from './retry-settings.ts';

const portSchema = wholeNumberSetting(0, 65_535);
const urlSchema = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' });
const flagSchema = z.enum(['true', 'false']).transform((flag) => flag === 'true');

const processSettings = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  GATEWAY_PORT: portSchema.default(8900),
  DATA_DIR: z.string().regex(/\S/, 'must be a folder, and is blank').default('./data'),
  ENABLE_AUTOMATION: flagSchema.default(false),
  NODE_ENV: z.enum(['production', 'development', 'test']).optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  GATEWAY_TIMEOUT_MS: wholeNumberSetting(1, 600_000).default(5_000),
  GATEWAY_RETRIES: wholeNumberSetting(0, 20).default(4),
  THREADS: z.enum(['1', '2']).transform(Number).optional(),
  EMBEDDED_POLL_MS: wholeNumberSetting(1, 60_000).default(5),
  SKIP_PRUNED_RECORDS: flagSchema.default(false),
  ...logSettings,
  ...httpSettings,
  ...retrySettings,
  ...deadLetterSettings,
  ...retentionSettings,
});

/**
 * The settings of one function: its port, its URL for a gateway in another process, its retries, and its own settings.
 */
function settingsOf({ name, port, settings }: FunctionModule): z.ZodRawShape {
  return {
    [portSetting(name)]: portSchema.default(port),
    [urlSetting(name)]: urlSchema.optional(),
    ...retryOverrides(name),
    ...settings,
  };
}

const settings = functionModules.reduce(
  (all: z.ZodObject, module) => all.extend(settingsOf(module)),
  processSettings as z.ZodObject,
);

/** Settings whose values never appear in messages; each can be given as a file, by NAME_FILE. */
const secrets: ReadonlySet<string> = new Set(['OPERATIONS_TOKEN', 'KAFKA_SASL_PASSWORD']);

/** Former names of settings; they are read for one more release. */
const formerNames: Readonly<Record<string, string>> = {
  INBOX_FOLD_DAYS: 'INBOX_WATERMARK_DAYS',
  LETTER_REPLAYS_MAX: 'DEAD_LETTER_REPLAYS_MAX',
  LETTER_REPLAYS_PER_SECOND: 'DEAD_LETTER_REPLAYS_PER_SECOND',
};

/**
 * The settings of a process, by the names of the environment variables; those of a single function are read by its
 * module.
 */
export type Config = Readonly<z.infer<typeof processSettings>> & {
  readonly [Name in `${Uppercase<FunctionName>}_PORT`]: number;
} & { readonly [Name in `${Uppercase<FunctionName>}_URL`]?: string | undefined };

type Env = Readonly<Record<string, string | undefined>>;

/** Whether tests may break the store: send functions away, fill their disks, crash them, load them with orders. */
export function allowsFaults(config: Pick<Config, 'ENABLE_AUTOMATION' | 'NODE_ENV'>): boolean {
  return config.ENABLE_AUTOMATION && config.NODE_ENV !== 'production';
}

/**
 * Reads the settings. An empty variable counts as absent.
 * @throws {ConfigError} naming the first setting that cannot be used, and why.
 */
export function readConfig(env: Env): Config {
  const given = withSecretFiles(withNewNames(env), secrets);
  assertText(env, given);
  const parsed = safeParseInput(settings, given);
  if (parsed.success) {
    const config = parsed.data as Config;
    httpOptionsOf(config);
    return config;
  }
  const [issue] = parsed.error.issues;
  const setting = nameAsGiven(env, String(issue?.path[0] ?? 'settings'));
  const problem = issue?.message ?? 'cannot be used';
  throw new ConfigError(
    setting,
    secrets.has(setting) ? problem : `${problem}; it is ${printable(JSON.stringify(env[setting]))}`,
  );
}

/** Node has put U+FFFD in the place of bytes that are not UTF-8: what was set is lost. */
function assertText(env: Env, given: Readonly<Record<string, string>>): void {
  const altered = Object.keys(settings.shape).find((name) => wasReplaced(given[name] ?? ''));
  if (altered !== undefined) throw new ConfigError(nameAsGiven(env, altered), 'must be UTF-8, without U+FFFD');
}

/** A warning for each setting that is set by its former name. */
export function formerSettings(env: Env): readonly string[] {
  return Object.entries(formerNames)
    .filter(([former]) => isGiven(env[former]))
    .map(([former, name]) => `${former} is now called ${name}; the next release no longer reads the former name`);
}

/** The name by which a setting is given: its former one where only that is there. */
function nameAsGiven(env: Env, setting: string): string {
  const former = Object.keys(formerNames).find((name) => formerNames[name] === setting && isGiven(env[name]));
  return former === undefined || isGiven(env[setting]) ? setting : former;
}

function withNewNames(env: Env): Readonly<Record<string, string>> {
  const given = Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (isGiven(value) ? [[name, value] as const] : [])),
  );
  const renamed = Object.entries(formerNames).flatMap(([former, name]) => {
    const value = given[former];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(renamed), ...given };
}

function isGiven(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

function portSetting(name: string): string {
  return `${name.toUpperCase()}_PORT`;
}

function urlSetting(name: string): string {
  return `${name.toUpperCase()}_URL`;
}

/** The setting for the port of the gateway, or of a function, and its value. */
export function portOf(config: Config, name: string): { readonly setting: string; readonly port: number } {
  const setting = portSetting(name);
  return { setting, port: config[setting as 'GATEWAY_PORT'] };
}

/** Where the gateway finds a function that runs in another process. */
export function urlOf(config: Config, name: FunctionName): string {
  const url = config[urlSetting(name) as `${Uppercase<FunctionName>}_URL`];
  return url ?? `http://127.0.0.1:${portOf(config, name).port}`;
}
