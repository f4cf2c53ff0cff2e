import { type FunctionName, publicTopics, topics } from '../saga/choreography.ts';
import { assertPlaces, type OpenLog, openLog } from './engine.ts';
import { functionModules, moduleOf } from './registry.ts';
import type { Config } from './settings.ts';

/** Opens the log of this store. `here`: the functions that run in this process, in any thread. */
export function openStoreLog(config: Config, here: readonly FunctionName[]): Promise<OpenLog> {
  const readers = functionModules.map((module) => module.create(config));
  return openLog(config, topics, readers, here);
}

/**
 * Looks whether the data that these functions use can be where they belong, before anything is opened.
 * @throws {Error} like `assertPlaces`.
 */
export function assertDataPlaces(config: Config, names: readonly FunctionName[]): void {
  const consumed = names.flatMap((name) => moduleOf(name).create(config).consumes);
  const isPublic = (topic: string) => publicTopics.includes(topic);
  assertPlaces(names, consumed.filter(isPublic), config);
}
