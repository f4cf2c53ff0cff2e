/** The verdict of a run: figures and one answer, from what was recorded. */
import type { Check } from '../prove/checks.ts';
import { countDifferences } from '../prove/checks.ts';
import { type AttemptOutcome, type FlightRecord, longestOutage, type Outage } from './flight-record.ts';
import type { ClientHistory, Judgement, StoreHistory } from './history.ts';
import { judge } from './history.ts';
import { type FaultKind, faultKinds } from './plan.ts';

/** What was recorded during a run. */
export interface Evidence {
  readonly seed: number;
  /** The command that repeats the plan. */
  readonly command: string;
  readonly record: FlightRecord;
  readonly clients: ClientHistory & {
    readonly sent: { readonly duplicates: number; readonly cancels: number; readonly policies: number };
    readonly done: { readonly cancels: number; readonly policies: number };
    readonly heldBack: number;
  };
  /** Null when the store did not settle or its history cannot be read. */
  readonly store: StoreHistory | null;
  readonly checks: readonly Check[];
  readonly restarts: number;
  /** A sentence for each process that ended unexpectedly, and for each other failure outside the plan. */
  readonly failures: readonly string[];
}

export interface Verdict extends Judgement {
  readonly isRight: boolean;
  readonly seed: number;
  readonly command: string;
  /** From the first request to the end of the load. */
  readonly loadMs: number;
  /** From the end of the load until every order had its outcome and every message was read; null if it never had. */
  readonly restMs: number | null;
  readonly orders: {
    readonly posted: number;
    readonly acknowledged: number;
    /** Posted, but never answered with yes or no. */
    readonly unknown: number;
    readonly byStatus: Readonly<Record<string, number>>;
  };
  readonly clients: {
    readonly duplicates: number;
    readonly replays: number;
    readonly cancels: { readonly sent: number; readonly acknowledged: number };
    readonly policies: { readonly sent: number; readonly acknowledged: number };
    readonly receipts: { readonly sent: number; readonly acknowledged: number };
    readonly heldBack: number;
    readonly attempts: Readonly<Partial<Record<AttemptOutcome, number>>>;
  };
  readonly faults: {
    readonly injected: Readonly<Record<FaultKind, number>>;
    readonly missed: number;
    readonly unsupported: number;
  };
  readonly restarts: number;
  readonly longestOutage: Outage | null;
  readonly books: { readonly checks: number; readonly differences: readonly string[]; readonly count: number };
}

export function verdictOf(evidence: Evidence): Verdict {
  const { seed, command, record, clients, store, checks, restarts, failures } = evidence;
  const unread = 'the history of the store cannot be read';
  const found = store === null ? { lost: [unread], doubled: [], unexpected: [], recovered: [] } : judge(clients, store);
  const unexpected = [...found.unexpected, ...failures];
  const differences = countDifferences(checks);
  const endMs = record.restMs ?? record.nowMs();
  return {
    isRight: found.lost.length + found.doubled.length + unexpected.length + differences === 0 && record.restMs !== null,
    seed,
    command,
    loadMs: record.loadEndMs ?? endMs,
    restMs: record.restMs === null || record.loadEndMs === null ? null : record.restMs - record.loadEndMs,
    orders: ordersOf(clients, store),
    clients: clientsOf(evidence),
    faults: faultsOf(record),
    restarts,
    longestOutage: longestOutage(record.changes, endMs),
    ...found,
    unexpected,
    books: {
      checks: checks.length,
      differences: checks.flatMap((check) => check.differences),
      count: differences,
    },
  };
}

function ordersOf({ orders }: ClientHistory, store: StoreHistory | null): Verdict['orders'] {
  const calls = [...orders.values()];
  const isKnown = ({ fresh, replays }: (typeof calls)[number]) => fresh + replays > 0;
  const byStatus: Record<string, number> = {};
  for (const { status } of store?.orders ?? []) byStatus[status] = (byStatus[status] ?? 0) + 1;
  return {
    posted: calls.length,
    acknowledged: calls.filter(isKnown).length,
    unknown: calls.filter((call) => !isKnown(call) && call.isUnsure).length,
    byStatus,
  };
}

function clientsOf({ clients, record }: Evidence): Verdict['clients'] {
  const attempts: Partial<Record<AttemptOutcome, number>> = {};
  for (const counts of record.attempts.values()) {
    for (const [outcome, count] of Object.entries(counts) as [AttemptOutcome, number][]) {
      attempts[outcome] = (attempts[outcome] ?? 0) + count;
    }
  }
  const { sent, done, heldBack, receipts, orders } = clients;
  return {
    duplicates: sent.duplicates,
    replays: [...orders.values()].reduce((sum, { replays }) => sum + replays, 0),
    cancels: { sent: sent.cancels, acknowledged: done.cancels },
    policies: { sent: sent.policies, acknowledged: done.policies },
    receipts: { sent: receipts.length, acknowledged: receipts.filter(({ isAcknowledged }) => isAcknowledged).length },
    heldBack,
    attempts,
  };
}

function faultsOf({ injections }: FlightRecord): Verdict['faults'] {
  const count = (kind: FaultKind) =>
    injections.filter(({ fault, outcome }) => fault.kind === kind && outcome === 'injected').length;
  return {
    injected: Object.fromEntries(faultKinds.map((kind) => [kind, count(kind)])) as Record<FaultKind, number>,
    missed: injections.filter(({ outcome }) => outcome === 'missed').length,
    unsupported: injections.filter(({ outcome }) => outcome === 'unsupported').length,
  };
}
