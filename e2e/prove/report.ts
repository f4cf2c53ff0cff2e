/** The books as a person reads them. */
import Table from 'cli-table3';
import { type Check, countDifferences, productDifferences } from './checks.ts';
import type { Books, ProductBooks } from './ledger.ts';

/** So many products are shown; those that do not add up come first. */
const PRODUCTS_MAX = 40;

export interface Look {
  readonly hasColor: boolean;
}

/** The whole report, without a line break at its end. */
export function reportOf(dataDir: string, books: Books, checks: readonly Check[], look: Look): string {
  const paint = painter(look);
  const differences = countDifferences(checks);
  const sections = [
    `${paint.bold('The books of')} ${dataDir}`,
    books.products.length === 0 ? 'Stock: no product' : stockTable(books.products, paint),
    [ordersLine(books), noticesLine(books), ...readingLines(books)].join('\n'),
    checkLines(checks, paint).join('\n'),
    ...warnings(books, paint),
    differences === 0
      ? paint.green(`✓ The books are right: ${checks.length} checks, no difference.`)
      : paint.red(`✗ ${differences} ${differences === 1 ? 'difference' : 'differences'} in ${checks.length} checks.`),
  ];
  return sections.join('\n\n');
}

interface Painter {
  bold(text: string): string;
  green(text: string): string;
  red(text: string): string;
  yellow(text: string): string;
}

function painter({ hasColor }: Look): Painter {
  const paint = (open: number, close: number) => (text: string) =>
    hasColor ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return { bold: paint(1, 22), green: paint(32, 39), red: paint(31, 39), yellow: paint(33, 39) };
}

function stockTable(products: readonly ProductBooks[], paint: Painter): string {
  const table = new Table({
    head: [
      'product',
      'received',
      '= on hand + sold',
      'reserved',
      '= open reservations',
      'movements fold to',
      'queue',
      '',
    ],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'left', 'right', 'left'],
    style: { head: [], border: [] },
  });
  const wrong = products.filter((product) => productDifferences(product).length > 0);
  const right = products.filter((product) => !wrong.includes(product));
  for (const product of [...wrong, ...right].slice(0, PRODUCTS_MAX)) {
    const { productId, level, reservations, queued, moved } = product;
    table.push([
      productId,
      String(level?.received ?? '–'),
      level === null ? '–' : `${level.onHand} + ${level.sold}`,
      String(level?.reserved ?? '–'),
      String(reservations.held),
      movementsOf(moved),
      String(queued),
      wrong.includes(product) ? paint.red('✗') : paint.green('✓'),
    ]);
  }
  const rest = products.length - PRODUCTS_MAX;
  return rest <= 0 ? table.toString() : `${table.toString()}\nand ${rest} more products; the checks below cover them`;
}

function movementsOf({ received, reserved, released, sold, returned }: ProductBooks['moved']): string {
  const sums = Object.entries({ received, reserved, released, sold, returned });
  return sums.map(([kind, quantity]) => `${quantity} ${kind}`).join(', ');
}

function ordersLine({ orders }: Books): string {
  const { inventory, order } = orders.waiting;
  const open = inventory + order;
  const why = open === 0 ? '' : ` (${inventory} not read by inventory, ${order} answered and not read by order)`;
  const queued = orders.queued === 0 ? '' : `; ${orders.queued} waiting for goods`;
  return `Orders: ${counts(orders.byStatus)}; ${open} on the way to an outcome${why}${queued}`;
}

function noticesLine({ notices }: Books): string {
  return `Notices: ${counts(notices.byStatus)}`;
}

function readingLines({ readings }: Books): readonly string[] {
  return readings.map(({ consumer, topic, position, end }) => {
    const unread = Math.max(0, end - position);
    return `${consumer} has read ${topic} up to ${position} of ${end}${unread === 0 ? '' : `: ${unread} unread`}`;
  });
}

function counts(byStatus: Readonly<Record<string, number>>): string {
  const entries = Object.entries(byStatus);
  if (entries.length === 0) return 'none';
  const total = entries.reduce((sum, [, count]) => sum + count, 0);
  return `${total} (${entries.map(([status, count]) => `${count} ${status}`).join(', ')})`;
}

function checkLines(checks: readonly Check[], paint: Painter): readonly string[] {
  const products = checks.filter(({ name, differences }) => name.startsWith('stock of ') && differences.length === 0);
  const shown = checks.filter((check) => !products.includes(check));
  return [
    ...(products.length === 0 ? [] : [`${paint.green('✓')} the stock of ${products.length} products adds up`]),
    ...shown.flatMap(({ name, figures, differences, more }) =>
      differences.length === 0
        ? [`${paint.green('✓')} ${name} (${figures})`]
        : [
            `${paint.red('✗')} ${name} (${figures})`,
            ...differences.map((difference) => `    ${difference}`),
            ...(more === 0 ? [] : [`    and ${more} more`]),
          ],
    ),
  ];
}

function warnings({ deadLetters, parked, removed }: Books, paint: Painter): readonly string[] {
  const told = (counted: Readonly<Record<string, number>>, what: string) =>
    Object.entries(counted)
      .filter(([, count]) => count > 0)
      .map(([name, count]) => `${paint.yellow('!')} ${count} ${what} at ${name}`);
  const gone = `Old data of ${removed.join(', ')} is no longer there; what is older is not compared with it.`;
  const lines = [
    ...told(deadLetters, 'dead letters wait for a person'),
    ...told(parked, 'parked messages wait for their turn'),
    ...(removed.length === 0 ? [] : [gone]),
  ];
  return lines.length === 0 ? [] : [lines.join('\n')];
}
