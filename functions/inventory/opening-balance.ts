import { assert } from '../../shared/core/assert.ts';
import { table, type Write } from '../../shared/ports/store.ts';
import type { RetentionRule, RowReader } from '../../shared/runtime/function.ts';
import { type MovementKind, type MovementRow, movements, stock } from './tables.ts';

/** The sum of the first movements of a product, which are no longer stored one by one. */
export interface OpeningRow extends Readonly<Record<MovementKind, number>> {
  readonly productId: string;
  /** The last movement included. */
  readonly movement: number;
  /** When it was written, ISO 8601. */
  readonly asOf: string;
}

export const openings = table<OpeningRow>(
  'stock_opening',
  {
    productId: 'text',
    movement: 'integer',
    received: 'integer',
    reserved: 'integer',
    released: 'integer',
    sold: 'integer',
    returned: 'integer',
    corrected: 'integer',
    asOf: 'text',
  },
  { key: ['productId'] },
);

/**
 * The ledger of each product begins with an opening balance: the sum of its oldest movements. They are summed without a
 * gap, and only when the balance is one that the product could have had at that time.
 */
export const movementRetention: Omit<RetentionRule<MovementRow>, 'days'> = {
  table: movements,
  per: stock,
  orderBy: ['productId', 'movement'],
  needs: ({ productId }) => [openings, stock].map((table) => ({ table, values: [productId] })),
  overSince: ({ at }) => at,
  writtenAt: ({ at }) => at,
  summarize: openingOf,
};

/** @throws {InvariantError} when a movement is missing, or the sums contradict each other or the stock level. */
function openingOf(pruned: readonly MovementRow[], rows: RowReader, now: string): readonly Write[] {
  const productId = pruned[0]?.productId ?? '';
  const before = rows.one(openings, productId) ?? emptyOpening(productId);
  const sums = { ...before, asOf: now };
  for (const { movement, kind, quantity } of pruned) {
    assert(movement === sums.movement + 1, `movement ${sums.movement + 1} of ${productId} is missing`);
    sums.movement = movement;
    sums[kind] += quantity;
  }
  assertBalanced(sums, rows);
  return [{ table: openings, row: sums }];
}

function assertBalanced({ productId, movement, ...sums }: OpeningRow, rows: RowReader): void {
  const level = rows.one(stock, productId);
  assert(level !== undefined, `${productId} has movements and no stock level`);
  const onHand = sums.received + sums.corrected - sums.sold + sums.returned;
  const reserved = sums.reserved - sums.released - sums.sold;
  const balance = `the first ${movement} movements of ${productId} leave ${onHand} on hand and ${reserved} reserved`;
  assert(0 <= reserved && reserved <= onHand, balance);
  assert(sums.returned <= sums.sold, `${balance}, with ${sums.sold} sold and ${sums.returned} returned`);
  // Corrections may take away again what was received; what was received without them only grows.
  const received = level.received - level.corrected;
  const isWithin = sums.received <= received && movement <= level.movements;
  assert(isWithin, `${balance}, with ${sums.received} received, and the stock level says ${received} in all`);
}

function emptyOpening(productId: string): OpeningRow {
  const sums = { received: 0, reserved: 0, released: 0, sold: 0, returned: 0, corrected: 0 };
  return { productId, movement: 0, ...sums, asOf: '' };
}
