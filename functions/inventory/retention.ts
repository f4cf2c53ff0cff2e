import { DAY_MS } from '../../shared/core/days.ts';
import type { RetentionRule } from '../../shared/runtime/function.ts';
import { movementRetention } from './opening-balance.ts';
import { type ReceiptRow, receipts } from './tables.ts';

/**
 * The inbox prunes keys by whole days and once a day, so the answer to the key of a receipt is stored two days longer.
 */
const LONGER_MS = 2 * DAY_MS;

const receiptRetention: RetentionRule<ReceiptRow> = {
  table: receipts,
  days: 'inbox',
  overSince: ({ at }) => new Date(Date.parse(at) + LONGER_MS).toISOString(),
};

/** The rows that inventory prunes, and after how many days. */
export function retentionOf(movementDays: number): readonly RetentionRule[] {
  return [{ ...movementRetention, days: movementDays }, receiptRetention];
}
