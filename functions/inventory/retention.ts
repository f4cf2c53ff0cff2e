import type { RetentionRule } from '../../shared/runtime/function.ts';
import { movementRetention } from './opening-balance.ts';
import { type ReceiptRow, receipts } from './tables.ts';

/** The inbox forgets the key of a receipt by whole days, and once a day; the answer to the key is kept a little longer. */
const LONGER_MS = 2 * 86_400_000;

const receiptRetention: RetentionRule<ReceiptRow> = {
  table: receipts,
  days: 'inbox',
  overSince: ({ at }) => new Date(Date.parse(at) + LONGER_MS).toISOString(),
};

/** What inventory removes, and after how many days. */
export function retentionOf(movementDays: number): readonly RetentionRule[] {
  return [{ ...movementRetention, days: movementDays }, receiptRetention];
}
