import { figure } from '../parts/words.ts';

/** Where the units of a product are, as parts of one bar, and the sum that must hold. */
export interface Levels {
  readonly received: number;
  readonly onHand: number;
  readonly reserved: number;
  readonly available: number;
  readonly setAside: number;
  readonly sold: number;
  readonly backordered: number;
}

export interface BarPart {
  readonly name: 'available' | 'set aside' | 'reserved' | 'back-ordered';
  readonly units: number;
  /** In the bar, both from 0 to 1. */
  readonly from: number;
  readonly width: number;
}

/** A part that is there is seen, however small it is. */
const WIDTH_MIN = 0.008;

/**
 * The parts of the bar, without those that are empty: units at hand from the left, then what orders wait for. The bar is as long as
 * both together; `scale` is the longest bar that it is compared with, in units.
 */
export function barOf(levels: Levels, scale: number): readonly BarPart[] {
  const parts = [
    ['available', levels.available],
    ['set aside', levels.setAside],
    ['reserved', levels.reserved],
    ['back-ordered', levels.backordered],
  ] as const;
  let from = 0;
  return parts.flatMap(([name, units]) => {
    if (units <= 0) return [];
    const width = Math.min(1 - from, Math.max(WIDTH_MIN, units / Math.max(1, scale)));
    const part = { name, units, from, width };
    from += width;
    return [part];
  });
}

/** How long the bar of a product is, in units. */
export function barUnits({ onHand, backordered }: Levels): number {
  return onHand + backordered;
}

/** `10 = 7 on hand + 3 sold`, and whether it is so. */
export function sumOf({ received, onHand, sold }: Levels): { readonly text: string; readonly holds: boolean } {
  const holds = received === onHand + sold;
  return { text: `${figure(received)} ${holds ? '=' : '≠'} ${figure(onHand)} on hand + ${figure(sold)} sold`, holds };
}
