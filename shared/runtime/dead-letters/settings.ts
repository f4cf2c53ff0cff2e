import { z } from 'zod';
import { DAY_MS } from '../../core/days.ts';
import { wholeNumberSetting } from '../../core/number-setting.ts';

/** The settings for resolving dead letters, each with its default. */
export const deadLetterSettings = {
  DEAD_LETTER_REPLAYS_MAX: wholeNumberSetting(1, 1_000).default(5),
  DEAD_LETTER_REPLAYS_PER_SECOND: wholeNumberSetting(1, 1_000).default(50),
  OPERATIONS_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]{1,256}$/, 'must have 1 to 256 visible ASCII characters')
    .optional(),
} as const;

/** The limits on replays at one function. */
export interface DeadLetterLimits {
  /** After this many replays of a dead letter, the next one has to be forced. */
  readonly replaysMax: number;
  /** The highest rate of a bulk replay. */
  readonly perSecond: number;
  /**
   * How long the inbox remembers, in milliseconds. It cannot tell whether an older dead letter was handled meanwhile.
   */
  readonly windowMs: number;
  /** The setting that says so. */
  readonly windowSetting: 'INBOX_RETENTION_DAYS' | 'INBOX_WATERMARK_DAYS';
}

/**
 * @param isOutbox whether the outboxes are the log, so that a message of another function becomes one dead letter at most. Where
 * a relay sends it, there may be a copy that is handled, and its row goes after `INBOX_WATERMARK_DAYS`.
 */
export function deadLetterLimitsOf(
  config: {
    readonly DEAD_LETTER_REPLAYS_MAX: number;
    readonly DEAD_LETTER_REPLAYS_PER_SECOND: number;
    readonly INBOX_RETENTION_DAYS: number;
    readonly INBOX_WATERMARK_DAYS: number;
  },
  isOutbox: boolean,
): DeadLetterLimits {
  const isShorter = !isOutbox && config.INBOX_WATERMARK_DAYS < config.INBOX_RETENTION_DAYS;
  const windowSetting = isShorter ? 'INBOX_WATERMARK_DAYS' : 'INBOX_RETENTION_DAYS';
  return {
    replaysMax: config.DEAD_LETTER_REPLAYS_MAX,
    perSecond: config.DEAD_LETTER_REPLAYS_PER_SECOND,
    windowMs: config[windowSetting] * DAY_MS,
    windowSetting,
  };
}
