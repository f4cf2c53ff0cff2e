import type { Kept } from '../../shared/runtime/function.ts';
import { keptMovements } from './opening-balance.ts';
import { type ReceiptRow, receipts } from './tables.ts';

/** The inbox forgets the key of a receipt by whole days, and once a day; the answer to the key is kept a little longer. */
const LONGER_MS = 2 * 86_400_000;

const keptReceipts: Kept<ReceiptRow> = {
  table: receipts,
  days: 'inbox',
  overSince: ({ at }) => new Date(Date.parse(at) + LONGER_MS).toISOString(),
};

export const keeps: readonly Kept[] = [keptMovements, keptReceipts];
