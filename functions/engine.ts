import { join, resolve } from 'node:path';
import { logChannel } from '../shared/adapters/channels/log-channel.ts';
import { EmbeddedLog, type EmbeddedTopic } from '../shared/adapters/embedded/log/embedded-log.ts';
import { SqliteStore } from '../shared/adapters/embedded/store/sqlite-store.ts';
import { systemClock } from '../shared/adapters/system-clock.ts';
import { ConfigError } from '../shared/core/errors.ts';
import type { StoreFunction } from '../shared/runtime/function.ts';

/** Where a store has its data, and how often it polls for commits of other processes. */
export interface EngineSettings {
  readonly DATA_DIR: string;
  readonly EMBEDDED_POLL_MS: number;
}

/** The clock of the machine. */
export const clock = systemClock;

/** The channel that sends the notices. */
export const noticeChannel = logChannel;

/** The file with the data of a function. */
export function dataFile(dataDir: string, name: string): string {
  return join(resolve(dataDir), name, `${name}.db`);
}

/** The file of a topic that no function writes. */
export function topicFile(dataDir: string, topic: string): string {
  return join(resolve(dataDir), 'topics', `${topic}.db`);
}

/**
 * The log without a broker.
 * @param topics the only function that writes each topic; null for a public topic
 * @param functions every function of the store, as a reader of topics
 * @param here the functions that run in this process, in any thread
 */
export function createLog(
  { DATA_DIR, EMBEDDED_POLL_MS }: EngineSettings,
  topics: Readonly<Record<string, string | null>>,
  functions: readonly Pick<StoreFunction, 'name' | 'consumes'>[],
  here: readonly string[],
): EmbeddedLog {
  const embedded = Object.entries(topics).map(([topic, writer]): [string, EmbeddedTopic] => {
    if (writer === null) return [topic, { file: topicFile(DATA_DIR, topic), writtenHere: false, isPublic: true }];
    return [topic, { file: dataFile(DATA_DIR, writer), writtenHere: here.includes(writer), isPublic: false }];
  });
  const readers = functions.map(({ name, consumes }) => {
    return { group: name, file: dataFile(DATA_DIR, name), topics: consumes };
  });
  return new EmbeddedLog({ topics: Object.fromEntries(embedded), readers, pollMs: EMBEDDED_POLL_MS });
}

/** Opens the database of a function. @throws {ConfigError} naming `DATA_DIR` when the folder cannot be used. */
export function openStore({ name, tables, migrations }: StoreFunction, { DATA_DIR }: EngineSettings): SqliteStore {
  try {
    return SqliteStore.open({ name, file: dataFile(DATA_DIR, name), tables, migrations: migrations.sqlite });
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new ConfigError('DATA_DIR', `the data cannot be stored there: ${error.message}`);
  }
}
