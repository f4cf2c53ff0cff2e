import { expect, it } from 'vitest';
import { SqliteStore } from '../../shared/adapters/embedded/store/sqlite-store.ts';
import { RowPruner } from '../../shared/runtime/retention/prune-rows.ts';
import { testDays } from '../../shared/testing/probe-reader.ts';
import { added, commitOf } from '../../shared/testing/shelf.ts';
import { createInventory } from './function.ts';
import { emptyLevel } from './state.ts';
import { movements, stock } from './tables.ts';

it('a movement becomes part of the opening balance after the days of its setting', async () => {
  const { name, tables, migrations, retention = [] } = createInventory({ movementDays: 10 });
  const store = SqliteStore.open({ name, file: ':memory:', tables, migrations: migrations.sqlite });
  const at = '2026-03-01T10:00:00.000Z';
  const movement = {
    kind: 'received',
    productId: 'lamp',
    movement: 1,
    quantity: 1,
    orderId: null,
    causedBy: 'm',
    at,
    reason: null,
  } as const;
  const level = { ...emptyLevel('lamp'), received: 1, onHand: 1, movements: 1 };
  await store.transact({}, () => commitOf({ writes: [added(stock, level), added(movements, movement)] }));
  const leftAfter = async (days: number) => {
    for (const rule of retention) {
      const pruner = new RowPruner(store, rule, testDays);
      while ((await pruner.prune(Date.parse(at) + days * 86_400_000)).more);
    }
    return store.count(movements);
  };

  expect([await leftAfter(9), await leftAfter(11)]).toEqual([1, 0]);
  await store.close();
});
