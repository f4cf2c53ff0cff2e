import { z } from 'zod';
import { DAY_MS } from '../../shared/core/days.ts';
import { decimalSetting, wholeNumberSetting } from '../../shared/core/number-setting.ts';
import type { RetryPolicy } from '../../shared/core/retry-policy.ts';
import { daysSchema } from '../../shared/runtime/retention/settings.ts';

/** The settings of notification, with their defaults. */
export const notificationSettings = {
  NOTICE_RETENTION_DAYS: daysSchema.default(365),
  NOTICE_RETRY_FIRST_MS: wholeNumberSetting(1, DAY_MS).default(1_000),
  NOTICE_RETRY_FACTOR: decimalSetting(1, 10).default(2),
  NOTICE_RETRY_LONGEST_MS: wholeNumberSetting(1, DAY_MS).default(3_600_000),
  NOTICE_RETRY_ATTEMPTS: wholeNumberSetting(1, 1_000).default(40),
  NOTICE_SEND_TIMEOUT_MS: wholeNumberSetting(1, 600_000).default(10_000),
} as const;

export type NotificationSettings = z.infer<z.ZodObject<typeof notificationSettings>>;

/** When a notice that the channel refuses is tried again, and how often. Only the channel knows what is final. */
export function noticePolicyOf(settings: NotificationSettings): RetryPolicy {
  const attempts = settings.NOTICE_RETRY_ATTEMPTS;
  return {
    firstMs: settings.NOTICE_RETRY_FIRST_MS,
    factor: settings.NOTICE_RETRY_FACTOR,
    longestMs: settings.NOTICE_RETRY_LONGEST_MS,
    attempts,
    bugAttempts: attempts,
  };
}

export const defaultSettings: NotificationSettings = z.object(notificationSettings).parse({});
