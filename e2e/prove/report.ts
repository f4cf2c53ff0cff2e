/** The report of `npm run prove` for the terminal. */
import { printable } from '../../shared/core/printable.ts';
import { counted } from '../../shared/core/words.ts';
import type { Terminal } from '../tools/store-client.ts';
import { type Cell, tableOf } from '../tools/table.ts';
import { type Check, countDifferences, productDifferences } from './checks.ts';
import type { Books, ProductLedger } from './ledger.ts';

/** Products in the table; those that do not add up come first. */
const PRODUCTS_MAX = 40;

/** Characters of a difference that are shown. */
const SENTENCE_MAX = 1_000;

export interface Look extends Pick<Terminal, 'columns'> {
  readonly hasColor: boolean;
}

/** The whole report, without a line break at its end. */
export function reportOf(dataDir: string, ledger: Books, checks: readonly Check[], look: Look): string {
  const paint = painter(look);
  const differences = countDifferences(checks);
  const sections = [
    `${paint.bold('Ledger invariants of')} ${said(dataDir)}`,
    ledger.products.length === 0 ? 'Stock: no product' : stockTable(ledger.products, paint, look),
    [ordersLine(ledger), noticesLine(ledger), ...readingLines(ledger)].join('\n'),
    checkLines(checks, paint).join('\n'),
    ...warnings(ledger, paint),
    differences === 0
      ? paint.green(`✓ All ${checks.length} ledger invariants hold.`)
      : paint.red(`✗ ${counted(differences, 'difference')} in ${counted(checks.length, 'ledger invariant')}.`),
  ];
  return sections.join('\n\n');
}

function said(text: string): string {
  return printable(text, SENTENCE_MAX);
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

const STOCK_HEAD = [
  'product',
  'received',
  '= on hand + sold',
  'reserved',
  '= open reservations',
  'movements add up to',
  'queue',
  '',
];

function stockTable(products: readonly ProductLedger[], paint: Painter, look: Look): string {
  const wrong = products.filter((product) => productDifferences(product).length > 0);
  const right = products.filter((product) => !wrong.includes(product));
  const rows = [...wrong, ...right].slice(0, PRODUCTS_MAX).map((product): readonly Cell[] => {
    const { productId, level, reservations, queued, moved } = product;
    return [
      productId,
      String(level?.received ?? '–'),
      level === null ? '–' : `${level.onHand} + ${level.sold}`,
      String(level?.reserved ?? '–'),
      String(reservations.held),
      movementsOf(moved),
      String(queued),
      wrong.includes(product) ? { text: '✗', paint: paint.red } : { text: '✓', paint: paint.green },
    ];
  });
  const table = tableOf({ head: STOCK_HEAD, rows, right: [1, 2, 3, 4, 6] }, look);
  const rest = products.length - PRODUCTS_MAX;
  return rest <= 0 ? table : `${table}\nand ${rest} more products, which the invariants below cover`;
}

function movementsOf({ received, reserved, released, sold, returned, corrected }: ProductLedger['moved']): string {
  const sums = Object.entries({
    received,
    reserved,
    released,
    sold,
    returned,
    ...(corrected === 0 ? {} : { corrected }),
  });
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
  return `${total} (${entries.map(([status, count]) => `${count} ${said(status)}`).join(', ')})`;
}

function checkLines(checks: readonly Check[], paint: Painter): readonly string[] {
  const products = checks.filter(({ name, differences }) => name.startsWith('stock of ') && differences.length === 0);
  const shown = checks.filter((check) => !products.includes(check));
  return [
    ...(products.length === 0 ? [] : [`${paint.green('✓')} the stock of ${products.length} products adds up`]),
    ...shown.flatMap(({ name, figures, differences, more }) =>
      differences.length === 0
        ? [`${paint.green('✓')} ${said(name)} (${said(figures)})`]
        : [
            `${paint.red('✗')} ${said(name)} (${said(figures)})`,
            ...differences.map((difference) => `    ${said(difference)}`),
            ...(more === 0 ? [] : [`    and ${more} more`]),
          ],
    ),
  ];
}

function warnings({ deadLetters, parked, removed, lost, notices }: Books, paint: Painter): readonly string[] {
  const warningsOf = (counted: Readonly<Record<string, number>>, one: string, several: string) =>
    Object.entries(counted)
      .filter(([, count]) => count > 0)
      .map(([name, count]) => `${paint.yellow('!')} ${count} ${count === 1 ? one : several} at ${name}`);
  const failed = { notification: notices.byStatus['failed'] ?? 0 };
  const incomplete = `Old data of ${removed.join(', ')} was pruned or removed; older data is not compared with it.`;
  const lines = [
    ...warningsOf(deadLetters, 'dead letter waits for an operator', 'dead letters wait for an operator'),
    ...warningsOf(parked, 'parked message waits for its next attempt', 'parked messages wait for their next attempt'),
    ...warningsOf(
      failed,
      'notice has failed and waits for an operator',
      'notices have failed and wait for an operator',
    ),
    ...(removed.length === 0 ? [] : [incomplete]),
    ...lost.map(
      ({ consumer, topic }) =>
        `${paint.yellow('!')} ${topic} was restored from an older copy: ${consumer} has read messages that it no longer has`,
    ),
  ];
  return lines.length === 0 ? [] : [lines.join('\n')];
}
