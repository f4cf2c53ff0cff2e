import { CLIENT_SOURCE } from '../../shared/core/message.ts';
import type { RetentionRule } from '../../shared/runtime/function.ts';
import { movementRetention } from './opening-balance.ts';
import { type ReceiptRow, receipts } from './tables.ts';

/**
 * The answer to the key of a receipt stays for as long as the inbox knows the key. The inbox prunes keys by whole days and
 * once a day, so before two days more there is no need to ask.
 */
const receiptRetention: RetentionRule<ReceiptRow> = {
  table: receipts,
  days: 'inbox',
  longerDays: 2,
  overSince: ({ at }) => at,
  rememberedAs: ({ messageId }) => ({ source: CLIENT_SOURCE, id: messageId }),
};

/** The rows that inventory prunes, and after how many days. */
export function retentionOf(movementDays: number): readonly RetentionRule[] {
  return [{ ...movementRetention, days: movementDays }, receiptRetention];
}
