/** The verdict as a person reads it. */
import Table from 'cli-table3';
import type { Paint } from './live.ts';
import type { Verdict } from './verdict.ts';

/** So many sentences of one kind are told. */
const SENTENCES_MAX = 10;

/** Each figure of a verdict, with its name. */
export function figuresOf(verdict: Verdict): readonly (readonly [name: string, figure: string])[] {
  const { orders, clients, faults, restarts, longestOutage, books, loadMs, restMs } = verdict;
  const { injected, missed, unsupported } = faults;
  const share = ({ sent, acknowledged }: { sent: number; acknowledged: number }) => `${sent} (${acknowledged} done)`;
  const all = Object.values(injected).reduce((sum, count) => sum + count, 0);
  const outage = longestOutage === null ? 'none' : `${secondsText(longestOutage.lengthMs)} (${longestOutage.target})`;
  return [
    ['orders posted', String(orders.posted)],
    ['orders acknowledged', `${orders.acknowledged} (${orders.unknown} unknown to their client)`],
    ['orders in the store', countsText(orders.byStatus)],
    ['duplicates posted', `${clients.duplicates} (${clients.replays} answers were replays)`],
    ['cancels', share(clients.cancels)],
    ['receipts', share(clients.receipts)],
    ['policies', share(clients.policies)],
    ['attempts', countsText(clients.attempts)],
    ...(clients.heldBack === 0 ? [] : [['actions left out', `${clients.heldBack} (too many on their way)`] as const]),
    ['faults', `${all} (${countsText(injected)})`],
    ...(missed === 0 ? [] : [['faults missed', `${missed} (nobody was there)`] as const]),
    ...(unsupported === 0 ? [] : [['faults NOT INJECTED', `${unsupported} (the store has no such switch)`] as const]),
    ['restarts', String(restarts)],
    ['longest outage', outage],
    ['load', secondsText(loadMs)],
    ['time to converge', restMs === null ? 'it did not' : secondsText(restMs)],
    ['books', `${books.checks} checks, ${books.count === 0 ? 'no difference' : `${books.count} differences`}`],
  ];
}

export function verdictText(verdict: Verdict, paint: Paint): string {
  const table = new Table({ style: { head: [], border: [] } });
  for (const [name, figure] of figuresOf(verdict)) table.push([name, figure]);
  const { lost, doubled, unexpected, recovered, books } = verdict;
  const findings = [
    ...findingLines('lost', lost, paint),
    ...findingLines('doubled', doubled, paint),
    ...findingLines('unexpected', unexpected, paint),
    ...findingLines('differences in the books', books.differences, paint),
  ];
  return [
    table.toString(),
    ...findings,
    `${paint.dim('recovered')}  ${recovered.length} orders whose client had no answer of its own happened exactly once`,
    `${headline(verdict, paint)}`,
    `Repeat the plan: ${paint.bold(verdict.command)}`,
  ].join('\n');
}

function headline({ isRight, restMs }: Verdict, paint: Paint): string {
  if (isRight) return paint.green('✓ Nothing was lost, doubled or unexpected, and the books are right.');
  return paint.red(restMs === null ? '✗ The store did not come to rest.' : '✗ The store did not keep its promises.');
}

function findingLines(name: string, sentences: readonly string[], paint: Paint): readonly string[] {
  const mark = sentences.length === 0 ? paint.green('✓') : paint.red('✗');
  const more = sentences.length - SENTENCES_MAX;
  return [
    `${mark} ${name}: ${sentences.length}`,
    ...sentences.slice(0, SENTENCES_MAX).map((sentence) => `    ${sentence}`),
    ...(more > 0 ? [`    and ${more} more`] : []),
  ];
}

function countsText(counts: Readonly<Record<string, number>>): string {
  const entries = Object.entries(counts).filter(([, count]) => count > 0);
  return entries.length === 0 ? 'none' : entries.map(([name, count]) => `${count} ${name}`).join(', ');
}

function secondsText(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
