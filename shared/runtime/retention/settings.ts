import { DAY_MS } from '../../core/days.ts';
import { ConfigError } from '../../core/errors.ts';
import { wholeNumberSetting } from '../../core/number-setting.ts';
import type { RetentionDays } from '../../core/retention.ts';
import { longestRetryMs, type RetryPolicy } from '../../core/retry-policy.ts';

/** A number of days, for a setting. */
export const daysSchema = wholeNumberSetting(1, 36_500);

/** Retention times, each with its default. */
export const retentionSettings = {
  RETENTION_EVERY_S: wholeNumberSetting(1, 86_400).default(60),
  LOG_RETENTION_DAYS: daysSchema.default(30),
  INBOX_RETENTION_DAYS: daysSchema.default(90),
  INBOX_WATERMARK_DAYS: daysSchema.default(7),
  DEAD_LETTER_RETENTION_DAYS: daysSchema.default(30),
} as const;

type RetentionConfig = { readonly [Name in keyof typeof retentionSettings]: number };

/**
 * The retention times that these settings ask for.
 * @throws {ConfigError} when a message could come back after its inbox row was pruned. A message can come back for as
 * long as it lies in the log, then through all its attempts, and then as a resolved dead letter.
 */
export function retentionDaysOf(config: RetentionConfig, policy: RetryPolicy): RetentionDays {
  const { LOG_RETENTION_DAYS: log, INBOX_RETENTION_DAYS: inbox, DEAD_LETTER_RETENTION_DAYS: deadLetters } = config;
  const retries = longestRetryMs(policy) / DAY_MS;
  const longest = log + retries + deadLetters;
  if (inbox < longest) {
    throw new ConfigError(
      'INBOX_RETENTION_DAYS',
      `${inbox} days are too short: a message can come back after ${rounded(longest)} days, which are ` +
        `LOG_RETENTION_DAYS (${log}), the longest way through RETRY_ATTEMPTS (${rounded(retries)}) and ` +
        `DEAD_LETTER_RETENTION_DAYS (${deadLetters}); raise it to ${Math.ceil(longest)}, or lower one of them`,
    );
  }
  return { log, inbox, watermark: config.INBOX_WATERMARK_DAYS, deadLetters };
}

function rounded(days: number): number {
  return Math.ceil(days * 1_000) / 1_000;
}
