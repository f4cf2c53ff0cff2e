import type { RetentionRule } from '../../shared/runtime/function.ts';
import { type NoticeRow, notices } from './tables.ts';

const keptNotices: RetentionRule<NoticeRow> = {
  table: notices,
  days: 'notices',
  orderBy: ['position'],
  overSince: ({ sentAt }) => sentAt,
  writtenAt: ({ createdAt }) => createdAt,
};

export const retention: readonly RetentionRule[] = [keptNotices];
