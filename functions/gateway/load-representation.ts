import { z } from '@hono/zod-openapi';

const ORDERS_PER_SECOND_MAX = 500;
const FOR_S_MAX = 600;

/** A share of all orders, from 0 (none) to 1 (all). The shares are independent of each other. */
const share = (description: string) => z.number().min(0).max(1).default(0).openapi({ description });

const mixSchema = z
  .strictObject({
    short: share('Orders that ask for more than there is, and are rejected'),
    duplicate: share('Orders that are posted a second time with the same key'),
    cancel: share('Orders that are cancelled as soon as they are acknowledged'),
  })
  .openapi('LoadMix');

/** A load that a client asks for. */
export const loadRequest = z
  .strictObject({
    ordersPerSecond: z.int().min(1).max(ORDERS_PER_SECOND_MAX),
    forS: z.int().min(1).max(FOR_S_MAX).openapi({ description: 'For how many seconds orders are sent' }),
    mix: mixSchema.default({ short: 0, duplicate: 0, cancel: 0 }),
  })
  .openapi('StartLoad', {
    example: { ordersPerSecond: 50, forS: 30, mix: { short: 0.1, duplicate: 0.1, cancel: 0.05 } },
  });
export type LoadRequest = z.infer<typeof loadRequest>;
/** The same as a client writes it: `mix`, and each share in it, may be left out. */
export type LoadRequestInput = z.input<typeof loadRequest>;

const count = (description: string) => z.int().min(0).openapi({ description });

/** The load that runs, or the last one that ran. */
export const loadSchema = z
  .object({
    running: z.boolean().openapi({ description: 'Whether orders are being sent; outcomes can follow later' }),
    ordersPerSecond: z.int().nullable().openapi({ description: 'null, like what follows, before the first load' }),
    forS: z.int().nullable(),
    mix: mixSchema.nullable(),
    startedAt: z.iso.datetime().nullable(),
    endsAt: z.iso.datetime().nullable().openapi({ description: 'When the last order is sent, or when it was stopped' }),
    sent: count('Orders that were posted; acknowledged + failed + those under way'),
    acknowledged: count('Orders that the store has taken: they are on disk'),
    failed: count('Orders that the store has not acknowledged'),
    skipped: count('Orders that were due and not sent, because too many were under way'),
    duplicates: count('Second posts of the same order that were acknowledged'),
    outcomes: z
      .object({
        confirmed: count('Also those that are dispatched'),
        rejected: count('Orders that asked for more than there was'),
        cancelled: count('Orders that were taken back'),
        waiting: count('Acknowledged orders without an outcome yet'),
        removed: count('Orders that are no longer there, because the data were removed'),
      })
      .openapi({ description: 'Of the acknowledged orders' }),
    lastFailure: z.string().nullable().openapi({ description: 'Why the last order was not acknowledged' }),
  })
  .openapi('Load');
export type LoadBody = z.infer<typeof loadSchema>;
