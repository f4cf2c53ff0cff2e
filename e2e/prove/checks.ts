/** Whether the books are right. Pure: from the figures to what holds and what does not. */
import type { Books, ProductBooks, ReadingBooks } from './ledger.ts';

/** One thing that must hold. Without differences it does. */
export interface Check {
  readonly name: string;
  /** What was looked at, in figures. */
  readonly figures: string;
  /** A sentence for each difference; `more` were left out. */
  readonly differences: readonly string[];
  readonly more: number;
}

/** Every check of the books, in the order in which they are told. */
export function checksOf(books: Books): readonly Check[] {
  return [
    ...books.products.map((product) => ({
      name: `stock of ${product.productId}`,
      figures: `${product.moved.movements} movements`,
      differences: productDifferences(product),
      more: 0,
    })),
    ...books.readings.map((reading) => ({
      name: `${reading.consumer} has read what there is in ${reading.topic}, at most`,
      figures: `${reading.position} of ${reading.end}`,
      differences: readingDifferences(reading),
      more: 0,
    })),
    ...books.searches.map(({ promise, unit, counted, wrong, examples }) => ({
      name: promise,
      figures: `${counted} ${unit}`,
      differences: examples,
      more: wrong - examples.length,
    })),
  ];
}

/** How many differences there are in all. */
export function countDifferences(checks: readonly Check[]): number {
  return checks.reduce((sum, { differences, more }) => sum + differences.length + more, 0);
}

/** What does not add up for one product, a sentence each. */
export function productDifferences({ productId, level, reservations, queued, moved }: ProductBooks): readonly string[] {
  if (level === null) return [`${productId} has movements or reservations, and is not in the stock`];
  const { received, onHand, reserved, sold, movements, backordered } = level;
  const equations: readonly (readonly [name: string, shouldBe: number, what: string, is: number])[] = [
    ['received', received, 'on hand + sold', onHand + sold],
    ['reserved', reserved, 'the sum of open reservations', reservations.held],
    ['sold', sold, 'the sum of sold reservations', reservations.sold],
    ['backordered', backordered, 'the sum of the queue', queued],
    ['received', received, 'the sum of received movements', moved.received],
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

/** Messages are counted by their writer, so no reader can be past the end. */
function readingDifferences({ consumer, topic, position, end }: ReadingBooks): readonly string[] {
  return position > end ? [`${consumer} has read ${topic} up to ${position}, and it ends at ${end}`] : [];
}
