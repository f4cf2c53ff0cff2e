import type { RetentionRule } from '../../shared/runtime/function.ts';
import { type NoticeRow, notices, type ResendRow, resends } from './tables.ts';

/** A sent notice is pruned; a pending one stays until it is sent, a failed one until an operator has it sent again. */
const noticeRetention: Omit<RetentionRule<NoticeRow>, 'days'> = {
  table: notices,
  orderBy: ['position'],
  overSince: ({ sentAt }) => sentAt,
  writtenAt: ({ createdAt }) => createdAt,
};

/** The audit of a notice outlives it. */
const resendRetention: Omit<RetentionRule<ResendRow>, 'days'> = {
  table: resends,
  orderBy: ['sequence'],
  needs: ({ orderId, fact }) => [{ table: notices, values: [orderId, fact] }],
  overSince: ({ orderId, fact, at }, rows) => (rows.one(notices, orderId, fact) === undefined ? at : null),
};

/** The rows that notification prunes, and after how many days. */
export function retentionOf(noticeDays: number): readonly RetentionRule[] {
  return [
    { ...noticeRetention, days: noticeDays },
    { ...resendRetention, days: noticeDays },
  ];
}
