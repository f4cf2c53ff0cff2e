/** The verdict as text for people. */
import { printable, printableLines } from '../../shared/core/printable.ts';
import type { Terminal } from '../tools/store-client.ts';
import { tableOf } from '../tools/table.ts';
import type { AttemptOutcome } from './flight-record.ts';
import type { Paint } from './live.ts';
import type { Verdict } from './verdict.ts';

export const RIGHT = '✓ Nothing was lost, doubled or unexpected, and the ledger is right.';
export const WRONG = '✗ The store did not keep its promises.';

/** How many findings of one kind are shown, and how many characters of each. */
const SENTENCES_MAX = 10;
const SENTENCE_MAX = 1_000;

/** Names shown instead of those in the JSON. */
const attemptNames: Readonly<Partial<Record<AttemptOutcome, string>>> = {
  away: 'unreachable',
  'no room': 'disk full',
};

/** The figures of a verdict with their names. */
export function figuresOf(verdict: Verdict): readonly (readonly [name: string, figure: string])[] {
  const { orders, clients, faults, restarts, longestOutage, books, loadMs, restMs } = verdict;
  const { injected, missed, unsupported } = faults;
  const share = ({ sent, acknowledged }: { sent: number; acknowledged: number }) =>
    `${sent} (${acknowledged} acknowledged)`;
  const all = Object.values(injected).reduce((sum, count) => sum + count, 0);
  const outage = longestOutage === null ? 'none' : `${secondsText(longestOutage.lengthMs)} (${longestOutage.target})`;
  return [
    ['orders posted', String(orders.posted)],
    ['orders acknowledged', `${orders.acknowledged} (${orders.unknown} without a final answer)`],
    ['orders in the store', countsText(orders.byStatus)],
    ['duplicates posted', `${clients.duplicates} (${clients.replays} replayed answers)`],
    ['cancel requests', share(clients.cancels)],
    ['stock receipts and corrections', share(clients.receipts)],
    ['policy changes', share(clients.policies)],
    ['request attempts', countsText(clients.attempts, attemptNames)],
    ...(clients.heldBack === 0
      ? []
      : [['actions skipped', `${clients.heldBack} (too many requests in flight)`] as const]),
    ['faults injected', `${all} (${countsText(injected)})`],
    ...(missed === 0 ? [] : [['faults missed', `${missed} (the process was not available)`] as const]),
    ...(unsupported === 0 ? [] : [['faults NOT INJECTED', `${unsupported} (not possible here)`] as const]),
    ['restarts', String(restarts)],
    ['longest outage', outage],
    ['duration of the load', secondsText(loadMs)],
    ['time to settle', restMs === null ? 'did not settle' : secondsText(restMs)],
    ['ledger', `${books.checks} checks, ${books.count === 0 ? 'no differences' : `${books.count} differences`}`],
  ];
}

export function verdictText(verdict: Verdict, paint: Paint, terminal: Pick<Terminal, 'columns'>): string {
  const { lost, doubled, unexpected, recovered, books } = verdict;
  const findings = [
    ...findingLines('lost', lost, paint),
    ...findingLines('doubled', doubled, paint),
    ...findingLines('unexpected', unexpected, paint),
    ...findingLines('ledger differences', books.differences, paint),
  ];
  return [
    tableOf({ rows: figuresOf(verdict) }, terminal),
    ...findings,
    `${paint.dim('recovered')}  ${recovered.length} orders took effect exactly once without a clear first answer`,
    `${headline(verdict, paint)}`,
    `Repeat the plan: ${paint.bold(printable(verdict.command))}`,
  ].join('\n');
}

function headline({ isRight, restMs }: Verdict, paint: Paint): string {
  if (isRight) return paint.green(RIGHT);
  return paint.red(restMs === null ? '✗ The store did not settle in time.' : WRONG);
}

function findingLines(name: string, sentences: readonly string[], paint: Paint): readonly string[] {
  const mark = sentences.length === 0 ? paint.green('✓') : paint.red('✗');
  const more = sentences.length - SENTENCES_MAX;
  return [
    `${mark} ${name}: ${sentences.length}`,
    ...sentences.slice(0, SENTENCES_MAX).map((sentence) => `    ${printableLines(sentence, SENTENCE_MAX)}`),
    ...(more > 0 ? [`    and ${more} more`] : []),
  ];
}

function countsText(counts: Readonly<Record<string, number>>, names: Readonly<Record<string, string>> = {}): string {
  const entries = Object.entries(counts).filter(([, count]) => count > 0);
  return entries.length === 0 ? 'none' : entries.map(([name, count]) => `${count} ${names[name] ?? name}`).join(', ');
}

function secondsText(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
