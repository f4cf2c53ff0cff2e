/** The report of `yarn prove` for the terminal. */
import Table from 'cli-table3';
import { type Check, countDifferences, productDifferences } from './checks.ts';
import type { Books, ProductLedger } from './ledger.ts';

/** Products in the table; those that do not add up come first. */
const PRODUCTS_MAX = 40;

export interface Look {
  readonly hasColor: boolean;
}

/** The whole report, without a line break at its end. */
export function reportOf(dataDir: string, ledger: Books, checks: readonly Check[], look: Look): string {
  const paint = painter(look);
  const differences = countDifferences(checks);
  const sections = [
    `${paint.bold('Ledger invariants of')} ${dataDir}`,
    ledger.products.length === 0 ? 'Stock: no product' : stockTable(ledger.products, paint),
    [ordersLine(ledger), noticesLine(ledger), ...readingLines(ledger)].join('\n'),
    checkLines(checks, paint).join('\n'),
    ...warnings(ledger, paint),
    differences === 0
      ? paint.green(`✓ All ${checks.length} ledger invariants hold.`)
      : paint.red(`✗ ${count(differences, 'difference')} in ${count(checks.length, 'ledger invariant')}.`),
  ];
  return sections.join('\n\n');
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
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

function stockTable(products: readonly ProductLedger[], paint: Painter): string {
  const table = new Table({
    head: [
      'product',
      'received',
      '= on hand + sold',
      'reserved',
      '= open reservations',
      'movements add up to',
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
  return rest <= 0
    ? table.toString()
    : `${table.toString()}\nand ${rest} more products, which the invariants below cover`;
}

function movementsOf({ received, reserved, released, sold, returned }: ProductLedger['moved']): string {
  const sums = Object.entries({ received, reserved, released, sold, returned });
  return sums.map(([kind, quantity]) => `${quantity} ${kind}`).join(', ');
}

function ordersLine({ orders }: Books): string {
  const { inventory, order } = orders.waiting;
  const open = inventory + order;
  const why =
    open === 0
      ? ''
      : ` (${inventory} not yet read by inventory, ${order} answered by inventory and not yet read by order)`;
  const queued = orders.queued === 0 ? '' : `; ${orders.queued} waiting for goods`;
  return `Orders: ${counts(orders.byStatus)}; ${open} waiting for a message to be read${why}${queued}`;
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
  const warningsOf = (counted: Readonly<Record<string, number>>, what: string) =>
    Object.entries(counted)
      .filter(([, count]) => count > 0)
      .map(([name, count]) => `${paint.yellow('!')} ${count} ${what} at ${name}`);
  const incomplete = `Old data of ${removed.join(', ')} was pruned or removed; older data is not compared with it.`;
  const lines = [
    ...warningsOf(deadLetters, 'dead letters wait for an operator'),
    ...warningsOf(parked, 'parked messages wait for their next attempt'),
    ...(removed.length === 0 ? [] : [incomplete]),
  ];
  return lines.length === 0 ? [] : [lines.join('\n')];
}
