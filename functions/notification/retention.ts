import type { Kept } from '../../shared/runtime/function.ts';
import { type NoticeRow, notices } from './tables.ts';

const keptNotices: Kept<NoticeRow> = {
  table: notices,
  days: 'notices',
  orderBy: ['position'],
  overSince: ({ sentAt }) => sentAt,
  writtenAt: ({ createdAt }) => createdAt,
};

export const keeps: readonly Kept[] = [keptNotices];
