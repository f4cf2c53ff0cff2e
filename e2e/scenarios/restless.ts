import type { Books } from '../prove/ledger.ts';

/** What is still to be done in a store, with the figures. */
export function restlessIn({ readings, orders, notices }: Books): readonly string[] {
  const unread = readings.filter(({ position, end }) => position !== end);
  const { placed = 0 } = orders.byStatus;
  const { pending = 0 } = notices.byStatus;
  return [
    ...unread.map((reading) => `unread: ${JSON.stringify(reading)}`),
    ...(placed > 0 ? [`${placed} orders without an outcome`] : []),
    ...(pending > 0 ? [`${pending} pending notices`] : []),
  ];
}
