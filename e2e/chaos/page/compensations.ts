/** What was taken back, and when. */
import type { FlightRecord, Trouble } from '../flight-record.ts';
import type { StoreHistory } from '../history.ts';
import type { Target } from '../plan.ts';

export interface Compensation {
  readonly target: Target;
  readonly atMs: number;
  readonly what: string;
}

const ORDER_EVENTS: ReadonlySet<string> = new Set(['OrderRejected', 'OrderCancelled']);
const movementNames: Readonly<Record<string, string>> = { released: 'StockReleased', returned: 'StockReturned' };

/** Rejections and cancels of orders, and what went back into stock. Times outside the run come to its edges. */
export function compensationsOf(store: StoreHistory | null, record: FlightRecord): readonly Compensation[] {
  if (store === null) return [];
  const at = (target: Target, time: string) => trueTime(Date.parse(time) - record.startedAtMs, target, record.troubles);
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

/** Functions date things by their own clock, and we know how wrong it was. */
function trueTime(saidMs: number, target: Target, troubles: readonly Trouble[]): number {
  for (const { target: whose, kind, fromMs, toMs, shiftMs } of troubles) {
    const couldBeMs = saidMs - shiftMs;
    const isWithin = couldBeMs >= fromMs && couldBeMs <= (toMs ?? Number.POSITIVE_INFINITY);
    if (kind === 'clock' && whose === target && isWithin) return couldBeMs;
  }
  return saidMs;
}
