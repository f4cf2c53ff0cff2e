import { type FunctionName, topics } from '../saga/choreography.ts';
import type { MessageLog } from '../shared/ports/message-log.ts';
import { createLog } from './engine.ts';
import { functionModules } from './registry.ts';
import type { Config } from './settings.ts';

/** The log of this store. `here`: the functions that run in this process, in any thread. */
export function createStoreLog(config: Config, here: readonly FunctionName[]): MessageLog {
  const readers = functionModules.map((module) => module.create(config));
  return createLog(config, topics, readers, here);
}
