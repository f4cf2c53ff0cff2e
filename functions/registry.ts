import { type FunctionName, functionNames } from '../saga/choreography.ts';
import type { FunctionModule } from '../shared/runtime/function-module.ts';
import { assertFreeNames } from '../shared/runtime/inspect/reserved-names.ts';
import { noticeChannel } from './engine.ts';
import { inventoryModule } from './inventory/index.ts';
import { notificationModule } from './notification/index.ts';
import { orderModule } from './order/index.ts';

/** The functions of this store. */
const modules = {
  order: orderModule,
  inventory: inventoryModule,
  notification: notificationModule(noticeChannel),
} as const satisfies Record<FunctionName, FunctionModule>;

assertFreeNames(functionNames);

/** In the order of the saga: data is removed in this order, so the function that begins a saga comes first. */
export const functionModules: readonly FunctionModule[] = functionNames.map((name) => modules[name]);

export function moduleOf(name: FunctionName): FunctionModule {
  return modules[name];
}
