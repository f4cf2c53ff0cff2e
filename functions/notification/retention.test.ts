/** Which notices notification keeps, and for how long: its own declarations on a real store. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXAMPLE_ORDER, EXAMPLE_TIME } from '../../saga/examples.ts';
import { SqliteStore } from '../../shared/adapters/embedded/store/sqlite-store.ts';
import { DAY_MS } from '../../shared/core/days.ts';
import type { Table } from '../../shared/ports/store.ts';
import { RowPruner } from '../../shared/runtime/retention/prune-rows.ts';
import { testDays } from '../../shared/testing/probe-reader.ts';
import { added, commitOf } from '../../shared/testing/shelf.ts';
import { notification } from './function.ts';
import { deliveries, type NoticeRow, notices, resends } from './tables.ts';

const START_MS = Date.parse(EXAMPLE_TIME);
const later = (days: number) => new Date(START_MS + days * DAY_MS).toISOString();
let store: SqliteStore;
beforeEach(() => {
  const { name, tables, migrations } = notification;
  store = SqliteStore.open({ name, file: ':memory:', tables, migrations: migrations.sqlite });
});
afterEach(() => store.close());

async function add<Row extends object>(table: Table<Row>, ...rows: readonly Row[]): Promise<void> {
  await store.transact({}, () => commitOf({ writes: rows.map((row) => added(table, row)) }));
}

/** A whole pass of the rules of notification, so many days after the start. */
async function prune(days: number): Promise<void> {
  for (const rule of notification.retention ?? []) {
    const pruner = new RowPruner(store, rule, testDays);
    while ((await pruner.prune(START_MS + days * DAY_MS)).more);
  }
}

describe('notices', () => {
  const notice = (fact: NoticeRow['fact'], sentAt: string | null): NoticeRow => ({
    notificationId: fact,
    customerId: 'C',
    orderId: EXAMPLE_ORDER,
    fact,
    channel: 'log',
    status: sentAt === null ? 'pending' : 'sent',
    text: '',
    createdAt: EXAMPLE_TIME,
    sentAt,
  });
  const left = async () =>
    (await store.find({ table: notices, orderBy: ['position'], limit: 9 })).map(({ fact }) => fact);

  it('that were sent are pruned after a year; a pending one stays, and one that has failed', async () => {
    const failing = { refusals: 3, refusedAt: EXAMPLE_TIME, dueAt: null, lastError: 'no' };
    const failed = { ...notice('OrderCancelled', null), ...failing, status: 'failed' } as const;
    await add(notices, notice('OrderPlaced', EXAMPLE_TIME), notice('OrderConfirmed', null));
    await add(deliveries, failed);
    await add(notices, notice('OrderRejected', later(1)));
    await prune(365);

    expect(await left()).toEqual(['OrderConfirmed', 'OrderCancelled', 'OrderRejected']);
  });

  it('keep the audit of who had them sent again, for as long as they are there', async () => {
    const who = {
      notificationId: 'OrderPlaced',
      who: 'Ada',
      at: EXAMPLE_TIME,
      reason: 'r',
      refusals: 3,
      lastError: 'no',
    };
    await add(resends, { orderId: EXAMPLE_ORDER, fact: 'OrderPlaced', ...who });
    await add(notices, notice('OrderPlaced', later(10)));
    const counts: (readonly [audits: number, notices: number])[] = [];
    for (const days of [374, 375]) {
      await prune(days);
      counts.push([await store.count(resends), await store.count(notices)]);
    }

    expect(counts).toEqual([
      [1, 1],
      [0, 0],
    ]);
  });
});
