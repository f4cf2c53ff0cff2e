/** Rows whose times were written by a clock that was wrong: they keep no others, and go no sooner than what needs them. */
import { afterEach, expect, it } from 'vitest';
import { EXAMPLE_ORDER, EXAMPLE_TIME } from '../saga/examples.ts';
import { SqliteStore } from '../shared/adapters/embedded/store/sqlite-store.ts';
import { DAY_MS } from '../shared/core/days.ts';
import { CLIENT_SOURCE } from '../shared/core/message.ts';
import type { Table } from '../shared/ports/store.ts';
import type { StoreFunction } from '../shared/runtime/function.ts';
import { RowPruner } from '../shared/runtime/retention/prune-rows.ts';
import { testDays } from '../shared/testing/probe-reader.ts';
import { added, commitOf } from '../shared/testing/shelf.ts';
import { inventory } from './inventory/function.ts';
import { emptyLevel } from './inventory/state.ts';
import { receipts } from './inventory/tables.ts';
import { notification } from './notification/function.ts';
import { type NoticeRow, notices } from './notification/tables.ts';

const START_MS = Date.parse(EXAMPLE_TIME);
let store: SqliteStore;
afterEach(() => store.close());

function open(fn: unknown): StoreFunction {
  const { name, tables, migrations } = fn as StoreFunction;
  store = SqliteStore.open({ name, file: ':memory:', tables, migrations: migrations.sqlite });
  return fn as StoreFunction;
}

async function add<Row extends object>(table: Table<Row>, ...rows: readonly Row[]): Promise<void> {
  await store.transact({}, () => commitOf({ writes: rows.map((row) => added(table, row)) }));
}

async function prune({ retention = [] }: StoreFunction, table: object, days: number): Promise<void> {
  for (const rule of retention.filter((each) => each.table === table)) {
    await new RowPruner(store, rule, testDays).prune(START_MS + days * DAY_MS);
  }
}

const notice = (fact: NoticeRow['fact'], at: string): NoticeRow => ({
  notificationId: fact,
  customerId: 'C',
  orderId: EXAMPLE_ORDER,
  fact,
  channel: 'log',
  status: 'sent',
  text: '',
  createdAt: at,
  sentAt: at,
});

it('a notice with a time in the future keeps no other notice', async () => {
  const fn = open(notification);
  await add(notices, notice('OrderPlaced', '2099-01-01T00:00:00.000Z'), notice('OrderConfirmed', EXAMPLE_TIME));
  await prune(fn, notices, 365);

  expect((await store.find({ table: notices, limit: 9 })).map(({ fact }) => fact)).toEqual(['OrderPlaced']);
});

it('the answer to a receipt stays for as long as the inbox knows its key', async () => {
  const fn = open(inventory);
  const receipt = { productId: 'lamp', quantity: 1, level: emptyLevel('lamp'), at: EXAMPLE_TIME };
  await add(receipts, { ...receipt, messageId: 'known' }, { ...receipt, messageId: 'forgotten' });
  const known = { source: CLIENT_SOURCE, id: 'known', fingerprint: '', seenDay: 0 };
  await store.transact({}, () => commitOf({ inbox: [known] }));
  await prune(fn, receipts, 10 * testDays.inbox);

  expect((await store.find({ table: receipts, limit: 9 })).map(({ messageId }) => messageId)).toEqual(['known']);
});
