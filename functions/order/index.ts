import { inputsOf, mayStandIn } from '../../saga/choreography.ts';
import type { StoreFunction } from '../../shared/runtime/function.ts';
import { decide } from './decide.ts';
import { sqlite } from './migrations/sqlite.ts';
import { evolve, type OrderInput, type OrderOutput, type OrderState } from './state.ts';
import { load, needs, save, tables } from './tables.ts';

/** Takes orders and tells everybody how each one ends. */
export const order: StoreFunction<OrderState, OrderInput, OrderOutput> = {
  name: 'order',
  inputs: inputsOf('order'),
  consumes: ['order-commands', 'inventory-events'],
  mayStandIn,
  publishes: 'order-events',
  tables,
  migrations: { sqlite },
  rules: { decide, evolve },
  needs,
  load,
  save,
};
