import type { RetentionRule } from '../../shared/runtime/function.ts';
import { type NoticeRow, notices } from './tables.ts';

const noticeRetention: Omit<RetentionRule<NoticeRow>, 'days'> = {
  table: notices,
  orderBy: ['position'],
  overSince: ({ sentAt }) => sentAt,
  writtenAt: ({ createdAt }) => createdAt,
};

/** The rows that notification prunes, and after how many days. */
export function retentionOf(noticeDays: number): readonly RetentionRule[] {
  return [{ ...noticeRetention, days: noticeDays }];
}
