import { catalogue } from '../../seed/catalogue.ts';
import { defineFunction } from '../../shared/runtime/function-module.ts';
import { daysSchema } from '../../shared/runtime/retention/settings.ts';
import { asksForFilling, BackorderFiller } from './backorder-filler.ts';
import { createInventory } from './function.ts';
import { addInventoryRoutes } from './http.ts';
import { isEmpty, seedStock } from './seed.ts';
import { backorderWaits } from './why.ts';

/** Holds, sells and releases stock, and manages the queues of orders that wait for it. */
export const inventoryModule = defineFunction({
  name: 'inventory',
  port: 8901,
  pathPrefix: 'stock',
  besideGateway: () => false,
  settings: { MOVEMENT_RETENTION_DAYS: daysSchema.default(365) },
  create: ({ MOVEMENT_RETENTION_DAYS }) => createInventory({ movementDays: MOVEMENT_RETENTION_DAYS }),
  addRoutes: (app, { context }) => addInventoryRoutes(app, context),
  waitsOf: ({ store }, key) => backorderWaits(store, key),
  loops({ context }) {
    const filler = new BackorderFiller(context);
    const failure = 'back-orders cannot be filled; they will be retried';
    return [{ step: () => filler.step(), wakes: asksForFilling, failure }];
  },
  seed: { isEmpty, fill: (context) => seedStock(context, catalogue) },
});
