import { catalog } from '../../saga/catalog.ts';
import { inputsOf } from '../../saga/choreography.ts';
import type { StoreFunction } from '../../shared/runtime/function.ts';
import { decide } from './decide.ts';
import { sqlite } from './migrations/sqlite.ts';
import { checks } from './migrations/sqlite-checks.ts';
import { corrections } from './migrations/sqlite-corrections.ts';
import { opening } from './migrations/sqlite-opening.ts';
import { openingWithoutCorrections } from './migrations/sqlite-opening-2.ts';
import { outboxIndex } from './migrations/sqlite-outbox-index.ts';
import { shortPlaces } from './migrations/sqlite-short-places.ts';
import { openings } from './opening-balance.ts';
import { retentionOf } from './retention.ts';
import { evolve, type Inventory, type InventoryInput, type InventoryOutput } from './state.ts';
import { load, needs, save, tables } from './tables.ts';

/** Holds, sells and releases stock, and manages the queues of orders that wait for it. */
export function createInventory({
  movementDays,
}: {
  readonly movementDays: number;
}): StoreFunction<Inventory, InventoryInput, InventoryOutput> {
  return {
    name: 'inventory',
    inputs: inputsOf('inventory'),
    consumes: ['order-events'],
    // Held stock is safe, so the sale can wait.
    deferrable: new Set<InventoryInput['type']>(['OrderConfirmed']),
    catalog,
    publishes: 'inventory-events',
    tables: [...tables, openings],
    migrations: {
      sqlite: [...sqlite, opening, checks, openingWithoutCorrections, shortPlaces, corrections, outboxIndex],
    },
    retention: retentionOf(movementDays),
    rules: { decide, evolve },
    needs,
    load,
    save,
  };
}

/** Inventory with the default retention. */
export const inventory = createInventory({ movementDays: 365 });
