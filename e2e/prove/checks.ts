/** Checks the ledger invariants. Pure: takes the figures and returns each invariant with its differences. */
import type { Books, ProductLedger, ReadingProgress } from './ledger.ts';

/** One ledger invariant. It holds when there are no differences. */
export interface Check {
  readonly name: string;
  /** How much was compared. */
  readonly figures: string;
  /** A sentence for each difference; `more` others are left out. */
  readonly differences: readonly string[];
  readonly more: number;
}

/** Every ledger invariant, in the order of the report. */
export function checksOf(ledger: Books): readonly Check[] {
  return [
    ...ledger.products.map((product) => ({
      name: `stock of ${product.productId}`,
      figures: `${product.moved.movements} movements`,
      differences: productDifferences(product),
      more: 0,
    })),
    ...ledger.readings.map((reading) => ({
      name: `${reading.consumer} has not read past the end of ${reading.topic}`,
      figures: `${reading.position} of ${reading.end}`,
      differences: readingDifferences(reading),
      more: 0,
    })),
    ...ledger.searches.map(({ promise, unit, counted, wrong, examples }) => ({
      name: promise,
      figures: `${counted} ${unit}`,
      differences: examples,
      more: wrong - examples.length,
    })),
  ];
}

/** The number of differences of all checks. */
export function countDifferences(checks: readonly Check[]): number {
  return checks.reduce((sum, { differences, more }) => sum + differences.length + more, 0);
}

/** A sentence for each figure of a product that does not add up. */
export function productDifferences({
  productId,
  level,
  reservations,
  queued,
  moved,
}: ProductLedger): readonly string[] {
  if (level === null) return [`${productId} has movements or reservations and no stock level`];
  const { received, onHand, reserved, sold, corrected, movements, backordered } = level;
  const equations: readonly (readonly [name: string, shouldBe: number, what: string, is: number])[] = [
    ['received', received, 'on hand + sold', onHand + sold],
    ['reserved', reserved, 'the sum of open reservations', reservations.held],
    ['sold', sold, 'the sum of sold reservations', reservations.sold],
    ['backordered', backordered, 'the sum of the places that are short', queued],
    ['received', received, 'the sum of received and corrected movements', moved.received + moved.corrected],
    ['corrected', corrected, 'the sum of corrected movements', moved.corrected],
    ['reserved', reserved, 'reserved − released − sold movements', moved.reserved - moved.released - moved.sold],
    ['sold', sold, 'sold − returned movements', moved.sold - moved.returned],
    ['movements', movements, 'the count of movements', moved.movements],
  ];
  const unequal = equations.flatMap(([name, shouldBe, what, is]) =>
    is === shouldBe ? [] : [`${productId}: ${name} is ${shouldBe} and ${what} is ${is}`],
  );
  const outOfRange = reserved < 0 || reserved > onHand;
  return outOfRange ? [...unequal, `${productId}: ${reserved} are reserved and ${onHand} are on hand`] : unequal;
}

/** The writer of a topic assigns the positions, so no reader can be past the end. */
function readingDifferences({ consumer, topic, position, end }: ReadingProgress): readonly string[] {
  return position > end ? [`${consumer} has read ${topic} up to ${position}, and ${topic} ends at ${end}`] : [];
}
