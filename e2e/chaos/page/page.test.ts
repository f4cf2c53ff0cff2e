/** The page is well-formed and self-contained, and shows what was recorded. */
import { describe, expect, it } from 'vitest';
import { FlightRecord } from '../flight-record.ts';
import type { StoreHistory } from '../history.ts';
import { targets } from '../plan.ts';
import { type Evidence, verdictOf } from '../verdict.ts';
import { compensationsOf } from './compensations.ts';
import { pageOf } from './page.ts';

const NASTY = `<script>alert("1 & 2")</script>'`;

/** A short run with one event of each kind. */
function shortRun(): FlightRecord {
  const record = new FlightRecord();
  for (const target of targets) record.change(target, 'up');
  record.begin();
  record.changes.push(
    { target: 'inventory', atMs: 1_000, state: 'down' },
    { target: 'inventory', atMs: 2_500, state: 'up' },
  );
  record.faultPeriods.push({ target: 'order', kind: 'clock', fromMs: 3_000, toMs: 4_000, shiftMs: 60_000 });
  const kill = { atMs: 1_000, kind: 'kill', target: 'inventory', durationMs: 1_500, shiftMs: 0, errors: null } as const;
  const errors = { operation: 'sync', failure: 'EIO', share: 1 } as const;
  const broken = { ...kill, kind: 'disk', target: 'order', errors } as const;
  record.injections.push({ fault: kill, atMs: 1_000, outcome: 'injected' });
  record.injections.push({ fault: broken, atMs: 4_200, outcome: 'injected' });
  record.attempts.set(4, { acknowledged: 3, lost: 2 });
  for (const [atMs, onHand] of [
    [250, 10],
    [500, 8],
  ] as const) {
    record.samples.push({
      atMs,
      levels: { LAMP: { onHand, reserved: 1 } },
      orders: { placed: 2 },
      parked: { order: 3 },
    });
  }
  record.loadEndMs = 5_000;
  record.restMs = 6_000;
  return record;
}

function evidenceOf(record: FlightRecord, failures: readonly string[] = []): Evidence {
  const counts = { duplicates: 0, cancels: 0, policies: 0 };
  const clients = {
    orders: new Map(),
    cancels: new Map(),
    receipts: [],
    brokenAnswers: [],
    sent: counts,
    done: counts,
    heldBack: 0,
  };
  return {
    seed: 7,
    command: 'npm run chaos -- --seed 7',
    record,
    clients,
    store: storeOf(record),
    checks: [],
    restarts: 1,
    failures,
  };
}

function storeOf(record: FlightRecord, atMs = 2_000): StoreHistory {
  const time = new Date(record.startedAtMs + atMs).toISOString();
  const events = [{ id: '1', type: 'OrderRejected', time }];
  return {
    orders: [{ orderId: 'A', status: 'rejected', reason: null, lines: [], events }],
    movements: [],
    notices: [],
  };
}

function pageWith(failures: readonly string[] = []): string {
  const record = shortRun();
  const evidence = evidenceOf(record, failures);
  return pageOf({ verdict: verdictOf(evidence), record, store: evidence.store });
}

/** Names of tags that are never closed, or closed by another tag. */
function unbalanced(page: string): readonly string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  for (const [, slash, name = '', rest = ''] of page.matchAll(/<(\/?)([a-z]\w*)((?:[^<>"]|"[^"]*")*)>/g)) {
    if (rest.endsWith('/')) continue;
    if (slash === '') open.push(name);
    else if (open.pop() !== name) wrong.push(name);
  }
  return [...wrong, ...open];
}

describe('the page', () => {
  it('is well-formed', () => {
    expect(unbalanced(pageWith())).toEqual([]);
    expect(unbalanced('<p><b></p>')).not.toEqual([]);
  });

  it('loads no resources and runs no scripts', () => {
    const page = pageWith([NASTY]);
    const links = [...page.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, link = '']) => link);

    expect(links.filter((link) => !link.startsWith('#'))).toEqual([]);
    expect(page).not.toMatch(/<script|<link|@import|url\(|https?:/);
  });

  it('has a lane for each function, and a row for each product', () => {
    const names = [...pageWith().matchAll(/data-name="([^"]*)"/g)].map(([, name]) => name);

    expect(names).toEqual(['clients', ...targets, 'open orders', 'LAMP']);
  });

  it.each([
    'kill -9 at 1.00 s',
    'down from 1.00 s for 1.50 s',
    'disk errors at 4.20 s',
    '100 % of sync calls: EIO',
    'clock 60 s off from 3.00 s for 1.00 s',
    '1 OrderRejected at 2.00 s',
    '2 attempts failed at 1.00 s',
    '3 acknowledged, 0 refused, 2 failed at 1.00 s',
    'messages in the retry queue, at most 3',
    'npm run chaos -- --seed 7',
  ])('shows: %s', (sentence) => {
    expect(pageWith()).toContain(sentence);
  });

  it('escapes text from outside', () => {
    expect(pageWith([NASTY])).toContain('unexpected: &lt;script&gt;alert(&quot;1 &amp; 2&quot;)&lt;/script&gt;&#39;');
  });

  it('shows the verdict before the timeline', () => {
    const wrong = pageWith(['order ended by itself']);

    expect(wrong).toContain('✗ The store did not keep its promises.');
    expect(wrong.indexOf('order ended by itself')).toBeLessThan(wrong.indexOf('data-name'));
  });
});

describe('compensations', () => {
  it('are shown at the true time when the clock of their function was wrong', () => {
    const record = shortRun();
    const dates = [2_000, 63_500].map((atMs) =>
      compensationsOf(storeOf(record, atMs), record).map((each) => each.atMs),
    );

    expect(dates).toEqual([[2_000], [3_500]]);
  });
});
