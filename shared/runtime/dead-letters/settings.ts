import { z } from 'zod';

const count = (most: number) => z.coerce.number().int().min(1).max(most);

/** How people may decide about dead letters; each with its default. */
export const deadLetterSettings = {
  DEAD_LETTER_REPLAYS_MAX: count(1_000).default(5),
  DEAD_LETTER_REPLAYS_PER_SECOND: count(1_000).default(50),
  OPERATIONS_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]{1,256}$/, 'must have 1 to 256 visible ASCII characters')
    .optional(),
} as const;

/** What limits the replays at one function. */
export interface DeadLetterLimits {
  /** After so many replays of a letter the next one must be forced. */
  readonly replaysMax: number;
  /** Replays of many letters go no faster. */
  readonly perSecond: number;
  /** How long the inbox remembers, in milliseconds: an older letter may have been handled meanwhile, unnoticed. */
  readonly windowMs: number;
}

const DAY_MS = 86_400_000;

export function deadLetterLimitsOf(config: {
  readonly DEAD_LETTER_REPLAYS_MAX: number;
  readonly DEAD_LETTER_REPLAYS_PER_SECOND: number;
  readonly INBOX_RETENTION_DAYS: number;
}): DeadLetterLimits {
  return {
    replaysMax: config.DEAD_LETTER_REPLAYS_MAX,
    perSecond: config.DEAD_LETTER_REPLAYS_PER_SECOND,
    windowMs: config.INBOX_RETENTION_DAYS * DAY_MS,
  };
}
