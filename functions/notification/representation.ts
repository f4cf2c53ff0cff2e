import { z } from '@hono/zod-openapi';
import { trimmedTextSchema } from '../../shared/core/text-length.ts';
import { noticeStatuses } from './state.ts';
import type { DeliveryRow, ResendRow } from './tables.ts';

/** A notice as clients see it. */
export const noticeSchema = z
  .object({
    notificationId: z.string(),
    customerId: z.string(),
    orderId: z.string(),
    fact: z.enum(['OrderPlaced', 'OrderBackordered', 'OrderConfirmed', 'OrderRejected', 'OrderCancelled']),
    channel: z.string(),
    status: z.enum(noticeStatuses),
    text: z.string(),
    createdAt: z.iso.datetime(),
    sentAt: z.iso.datetime().nullable(),
    attempts: z.int().openapi({ description: 'Attempts made, since it was written or an operator had it sent again' }),
    attemptedAt: z.iso.datetime().nullable().openapi({ description: 'When the last attempt was made' }),
    dueAt: z.iso
      .datetime()
      .nullable()
      .openapi({ description: 'When a pending notice is tried again; null when it is new, sent or failed' }),
    lastError: z.string().nullable().openapi({ description: 'Why the channel refused it last; null once it is sent' }),
  })
  .openapi('Notification');
export type NoticeBody = z.infer<typeof noticeSchema>;

export function toBody(row: DeliveryRow): NoticeBody {
  const { notificationId, customerId, orderId, fact, channel, status, text, createdAt, sentAt } = row;
  const { refusals, refusedAt, dueAt, lastError } = row;
  const attempts = status === 'sent' ? refusals + 1 : refusals;
  const sending = { attempts, attemptedAt: sentAt ?? refusedAt, dueAt, lastError };
  return { notificationId, customerId, orderId, fact, channel, status, text, createdAt, sentAt, ...sending };
}

const resendSchema = z
  .object({ at: z.string(), who: z.string(), reason: z.string(), attempts: z.int(), lastError: z.string().nullable() })
  .openapi('SentAgain', { description: 'Who had it sent again and why, with what had become of it before' });

/** A notice as operators see it. */
export const operatorNoticeSchema = z
  .object({ ...noticeSchema.shape, sentAgain: z.array(resendSchema) })
  .openapi('NotificationForOperators');
export type OperatorNoticeBody = z.infer<typeof operatorNoticeSchema>;

export function toOperatorBody(row: DeliveryRow, resends: readonly ResendRow[]): OperatorNoticeBody {
  const sentAgain = resends.map(({ at, who, reason, refusals, lastError }) => ({
    at,
    who,
    reason,
    attempts: refusals,
    lastError,
  }));
  return { ...toBody(row), sentAgain };
}

const signedShape = {
  who: trimmedTextSchema(200),
  reason: trimmedTextSchema(500),
  dryRun: z.boolean().default(false).openapi({ description: 'Only report what would happen' }),
};

export const sendAgainRequest = z.strictObject(signedShape).openapi('SendNoticeAgain');

/** Failed notices in one request, at most. */
const SEND_AGAIN_MAX = 250;
export const sendFailedAgainRequest = z
  .strictObject({
    ...signedShape,
    max: z.int().min(1).max(SEND_AGAIN_MAX).default(SEND_AGAIN_MAX),
    cursor: z
      .string()
      .max(512)
      .optional()
      .openapi({ description: 'The `next` of the answer before: notices that fail again meanwhile are not repeated' }),
  })
  .openapi('SendFailedNoticesAgain');

export const sentAgainSchema = z
  .object({ dryRun: z.boolean(), notification: operatorNoticeSchema })
  .openapi('NoticeSentAgain');
export type SentAgainBody = z.infer<typeof sentAgainSchema>;

export const allSentAgainSchema = z
  .object({
    dryRun: z.boolean(),
    sentAgain: z.int().openapi({ description: 'Notices that are pending again, and are tried at once' }),
    left: z.int().openapi({ description: 'Failed notices after the last one of this request' }),
    next: z
      .string()
      .nullable()
      .openapi({ description: 'The cursor for the next request; null when there are no more' }),
  })
  .openapi('FailedNoticesSentAgain');
export type AllSentAgainBody = z.infer<typeof allSentAgainSchema>;
