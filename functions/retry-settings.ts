import { z } from 'zod';
import type { RetryPolicy } from '../shared/core/retry-policy.ts';

const count = (most: number) => z.coerce.number().int().min(1).max(most);

/** How failures are tried again; each with its default. */
const defaults = {
  RETRY_FIRST_MS: count(3_600_000).default(100),
  RETRY_FACTOR: z.coerce.number().min(1).max(10).default(2),
  RETRY_LONGEST_MS: count(86_400_000).default(60_000),
  RETRY_ATTEMPTS: count(1_000).default(20),
  RETRY_BUG_ATTEMPTS: count(1_000).default(3),
  PARKED_MAX: count(10_000_000).default(10_000),
  PARKED_PER_KEY_MAX: count(1_000_000).default(1_000),
} as const;

type Defaults = typeof defaults;
type Setting = keyof Defaults;
type Owner = 'ORDER' | 'INVENTORY' | 'NOTIFICATION';
type Overrides = { readonly [Name in `${Owner}_${Setting}`]: z.ZodOptional<z.ZodNumber> };

const owners: readonly Owner[] = ['ORDER', 'INVENTORY', 'NOTIFICATION'];
const names = Object.keys(defaults) as readonly Setting[];

/** The settings for all functions, and one of each for a single function: `INVENTORY_RETRY_ATTEMPTS` goes before `RETRY_ATTEMPTS`. */
export const retrySettings = {
  ...defaults,
  ...(Object.fromEntries(
    owners.flatMap((owner) => names.map((name) => [`${owner}_${name}`, defaults[name].unwrap().optional()])),
  ) as Overrides),
};

type RetryConfig = { readonly [Name in Setting]: number } & {
  readonly [Name in `${Owner}_${Setting}`]?: number | undefined;
};

/** How one function tries again, and how much may wait there. */
export interface RetrySettings {
  readonly policy: RetryPolicy;
  readonly parkedMax: number;
  readonly parkedPerKeyMax: number;
}

export function retrySettingsFor(
  config: RetryConfig,
  functionName: 'order' | 'inventory' | 'notification',
): RetrySettings {
  const owner = functionName.toUpperCase() as Owner;
  const of = (name: Setting) => config[`${owner}_${name}`] ?? config[name];
  return {
    policy: {
      firstMs: of('RETRY_FIRST_MS'),
      factor: of('RETRY_FACTOR'),
      longestMs: of('RETRY_LONGEST_MS'),
      attempts: of('RETRY_ATTEMPTS'),
      bugAttempts: of('RETRY_BUG_ATTEMPTS'),
    },
    parkedMax: of('PARKED_MAX'),
    parkedPerKeyMax: of('PARKED_PER_KEY_MAX'),
  };
}
