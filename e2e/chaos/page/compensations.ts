/** The compensations of a run: what was taken back, and when. */
import type { FaultPeriod, FlightRecord } from '../flight-record.ts';
import type { StoreHistory } from '../history.ts';
import type { Target } from '../plan.ts';

export interface Compensation {
  readonly target: Target;
  readonly atMs: number;
  readonly what: string;
}

const ORDER_EVENTS: ReadonlySet<string> = new Set(['OrderRejected', 'OrderCancelled']);
const movementNames: Readonly<Record<string, string>> = { released: 'StockReleased', returned: 'StockReturned' };

/** Rejected and cancelled orders, and goods that went back into stock. */
export function compensationsOf(store: StoreHistory | null, record: FlightRecord): readonly Compensation[] {
  if (store === null) return [];
  const at = (target: Target, time: string) =>
    trueTime(Date.parse(time) - record.startedAtMs, target, record.faultPeriods);
  const orders = store.orders.flatMap(({ events }) =>
    events
      .filter(({ type }) => ORDER_EVENTS.has(type))
      .map(({ type, time }) => ({ target: 'order' as const, what: type, atMs: at('order', time) })),
  );
  const movements = store.movements.flatMap((movement) => {
    const what = movementNames[movement.kind];
    return what === undefined ? [] : [{ target: 'inventory' as const, what, atMs: at('inventory', movement.at) }];
  });
  return [...orders, ...movements].sort((a, b) => a.atMs - b.atMs);
}

/** Corrects a time by the clock fault that the function had then, because functions use their own clock. */
function trueTime(recordedMs: number, target: Target, faultPeriods: readonly FaultPeriod[]): number {
  for (const { target: shifted, kind, fromMs, toMs, shiftMs } of faultPeriods) {
    const correctedMs = recordedMs - shiftMs;
    const isWithin = correctedMs >= fromMs && correctedMs <= (toMs ?? Number.POSITIVE_INFINITY);
    if (kind === 'clock' && shifted === target && isWithin) return correctedMs;
  }
  return recordedMs;
}
