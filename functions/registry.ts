import type { FunctionName } from '../saga/choreography.ts';
import type { FunctionModule } from '../shared/runtime/function-module.ts';
import { noticeChannel } from './engine.ts';
import { inventoryModule } from './inventory/index.ts';
import { notificationModule } from './notification/index.ts';
import { orderModule } from './order/index.ts';

/** The functions of this store. Data is removed in this order, so the function that begins a saga comes first. */
const modules = {
  order: orderModule,
  inventory: inventoryModule,
  notification: notificationModule(noticeChannel),
} as const satisfies Record<FunctionName, FunctionModule>;

export const functionModules: readonly FunctionModule[] = Object.values(modules);

export function moduleOf(name: FunctionName): FunctionModule {
  return modules[name];
}
