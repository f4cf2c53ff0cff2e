import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { logChannel } from '../shared/adapters/channels/log-channel.ts';
import { EmbeddedLog, type EmbeddedTopic } from '../shared/adapters/embedded/log/embedded-log.ts';
import { placeProblem } from '../shared/adapters/embedded/store/place.ts';
import { SqliteStore } from '../shared/adapters/embedded/store/sqlite-store.ts';
import { systemClock } from '../shared/adapters/system-clock.ts';
import { AppError, ConfigError } from '../shared/core/errors.ts';
import type { LogClaims } from '../shared/ports/log-claims.ts';
import type { MessageLog } from '../shared/ports/message-log.ts';
import type { RelayTarget } from '../shared/ports/relayed.ts';
import type { StoreFunction } from '../shared/runtime/function.ts';
import type { KafkaEngineSettings } from './engine-settings.ts';

/** Where a store has its data, and how its log is read. */
export interface EngineSettings extends KafkaEngineSettings {
  readonly DATA_DIR: string;
  /** How often it looks for commits of other processes. */
  readonly EMBEDDED_POLL_MS: number;
}

export { outboxEnd, storedPositions, unsentCount } from '../shared/adapters/embedded/file-state.ts';
export { EMBEDDED, logInFile } from '../shared/adapters/embedded/store/log-home.ts';

/** The database of a function, as this engine has it. */
export type FunctionStore = SqliteStore;

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
function createLog(
  { DATA_DIR, EMBEDDED_POLL_MS, SKIP_PRUNED_RECORDS }: EngineSettings,
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
  return new EmbeddedLog({
    topics: Object.fromEntries(embedded),
    readers,
    pollMs: EMBEDDED_POLL_MS,
    clock,
    skipsPruned: SKIP_PRUNED_RECORDS,
  });
}

/** Whether the readers in a thread read and parse a record of this log once for all of them. */
export function sharesRecords({ LOG }: Pick<EngineSettings, 'LOG'>): boolean {
  return LOG === 'embedded';
}

/** The log of a process, and where a relay sends what its functions commit; null where their outboxes are the log. */
export interface OpenLog {
  readonly log: MessageLog;
  readonly target: RelayTarget | null;
  /** Whether it is the log of the data that are to be used with it; null where it lies in them. */
  readonly claims: LogClaims | null;
}

/**
 * Opens the log that the settings name, with parameters like those of {@link createLog}.
 * @throws {ConfigError} when it cannot be used as it is set, naming the setting
 */
export async function openLog(...args: Parameters<typeof createLog>): Promise<OpenLog> {
  const [settings, topics, functions] = args;
  if (settings.LOG === 'embedded') return { log: createLog(...args), target: null, claims: null };
  // Only here: the client takes a tenth of a second to load.
  const { openKafkaLog } = await import('./engine-kafka.ts');
  const log = await openKafkaLog(settings, topics, functions);
  return { log, target: log, claims: log };
}

/**
 * Looks whether the data of these functions, and the public topics that they consume, can be where they belong, before
 * anything is opened.
 * @throws {ConfigError} naming `DATA_DIR` when a folder cannot be used, {@link AppError} when a file cannot.
 */
export function assertPlaces(
  names: readonly string[],
  topics: readonly string[],
  { DATA_DIR }: Pick<EngineSettings, 'DATA_DIR'>,
): void {
  const topicFiles = topics.map((topic) => topicFile(DATA_DIR, topic)).filter((file) => existsSync(dirname(file)));
  for (const file of [...names.map((name) => dataFile(DATA_DIR, name)), ...topicFiles]) {
    const problem = placeProblem(file);
    if (problem?.isFolder) {
      throw new ConfigError('DATA_DIR', `the data cannot be stored in ${dirname(file)}: ${problem.sentence}`);
    }
    if (problem !== null) throw new AppError('unavailable', problem.sentence);
  }
}

/**
 * Opens the database of a function. `onWarning` is called with a sentence when it is less protected than usual.
 * @throws {ConfigError} naming `DATA_DIR` when the folder cannot be used, or there is no room in it.
 */
export function openStore(
  { name, tables, migrations }: StoreFunction,
  { DATA_DIR }: Pick<EngineSettings, 'DATA_DIR'>,
  onWarning: (sentence: string) => void,
): SqliteStore {
  const file = dataFile(DATA_DIR, name);
  try {
    return SqliteStore.open({ name, file, tables, migrations: migrations.sqlite, onWarning });
  } catch (error) {
    throw roomError(error, file) ?? folderError(error, file) ?? error;
  }
}

/** A start on a full disk, with the place and what to do; null for another error. */
export function roomError(error: unknown, file: string): ConfigError | null {
  const isRoom =
    (error instanceof AppError && error.code === 'no_room') ||
    (error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT'));
  if (!isRoom) return null;
  const advice = 'free some, or set it to a folder on another disk';
  return new ConfigError('DATA_DIR', `there is no room left on the disk for ${file}: ${advice}`);
}

/** Of a file system that creates no folder, such as that of /proc, only the attempt tells. */
export function folderError(error: unknown, file: string): ConfigError | null {
  if (!(error instanceof Error && 'syscall' in error)) return null;
  // A call on an open file has no path.
  const { code, path = dirname(file), syscall } = error as NodeJS.ErrnoException;
  const what = syscall === 'mkdir' ? 'no folder can be created at' : 'this cannot be used:';
  return new ConfigError('DATA_DIR', `${what} ${path} (${code}): set it to a folder on a disk of this machine`);
}
