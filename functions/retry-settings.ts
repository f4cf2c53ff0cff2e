import type { z } from 'zod';
import { DAY_MS } from '../shared/core/days.ts';
import { decimalSetting, wholeNumberSetting } from '../shared/core/number-setting.ts';
import type { RetryPolicy } from '../shared/core/retry-policy.ts';

/** The settings of retries, with their defaults. */
export const retrySettings = {
  RETRY_FIRST_MS: wholeNumberSetting(1, 3_600_000).default(100),
  RETRY_FACTOR: decimalSetting(1, 10).default(2),
  RETRY_LONGEST_MS: wholeNumberSetting(1, DAY_MS).default(60_000),
  RETRY_ATTEMPTS: wholeNumberSetting(1, 1_000).default(20),
  RETRY_BUG_ATTEMPTS: wholeNumberSetting(1, 1_000).default(3),
  PARKED_MAX: wholeNumberSetting(1, 10_000_000).default(10_000),
  PARKED_PER_KEY_MAX: wholeNumberSetting(1, 1_000_000).default(1_000),
} as const;

type RetrySetting = keyof typeof retrySettings;
type RetryConfig = { readonly [Name in RetrySetting]: number };

/** The same settings for one function: `INVENTORY_RETRY_ATTEMPTS` overrides `RETRY_ATTEMPTS`. */
export function retryOverrides(functionName: string): Readonly<Record<string, z.ZodType>> {
  const names = Object.keys(retrySettings) as RetrySetting[];
  return Object.fromEntries(
    names.map((name) => [overrideOf(functionName, name), retrySettings[name].unwrap().optional()]),
  );
}

/** How one function retries, and how many messages it can park. */
export interface RetrySettings {
  readonly policy: RetryPolicy;
  readonly parkedMax: number;
  readonly parkedPerKeyMax: number;
}

export function retrySettingsFor(config: RetryConfig, functionName: string): RetrySettings {
  const own = config as Readonly<Record<string, number | undefined>>;
  const of = (name: RetrySetting) => own[overrideOf(functionName, name)] ?? config[name];
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

function overrideOf(functionName: string, name: RetrySetting): string {
  return `${functionName.toUpperCase()}_${name}`;
}
