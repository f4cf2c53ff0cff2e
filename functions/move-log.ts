/**
 * Moves the data of a store from one log to another, for instance from the embedded one to Kafka and back. Everything must
 * have been read: no message goes over, only the positions from which the functions go on.
 */
import { existsSync } from 'node:fs';
import { type FunctionName, functionNames, topics } from '../saga/choreography.ts';
import { ConfigError } from '../shared/core/errors.ts';
import type { LogClaim, LogClaims } from '../shared/ports/log-claims.ts';
import type { MessageLog, Progress } from '../shared/ports/message-log.ts';
import type { Position } from '../shared/ports/store.ts';
import { outbox } from '../shared/ports/tables/outbox.ts';
import type { StoreFunction } from '../shared/runtime/function.ts';
import {
  dataFile,
  EMBEDDED,
  type FunctionStore,
  logInFile,
  type OpenLog,
  openStore,
  outboxEnd,
  storedPositions,
  unsentCount,
} from './engine.ts';
import { type LogSettings, logNamed, logNameOf } from './engine-settings.ts';
import { moduleOf } from './registry.ts';
import type { Config } from './settings.ts';
import { openStoreLog } from './store-log.ts';

type Claiming = Pick<StoreFunction, 'name' | 'consumes' | 'publishes'>;

/** A function, and where its messages are. */
interface Placed {
  readonly name: FunctionName;
  readonly file: string;
  /** Null where it has none yet, or no file that can be read. */
  readonly log: string | null;
  readonly consumes: readonly string[];
  readonly publishes: string | null;
}

/**
 * Lets a function that has no messages yet begin in the log of the settings.
 * @throws {ConfigError} when its messages are in another log, or that log is the one of another store
 */
export async function settleLog(
  fn: Claiming,
  store: FunctionStore,
  settings: LogSettings,
  claims: LogClaims | null,
): Promise<void> {
  const { name } = fn;
  const wanted = logNameOf(settings);
  const { home } = store;
  const isNew = await isUnused(store);
  if (home.log !== wanted && !isNew) {
    const advice = 'start the whole store once to move its data, or set it as before';
    throw new ConfigError('LOG', `the messages of ${name} are in the log ${home.log}, and not in ${wanted}: ${advice}`);
  }
  await claims?.claim(claimOf(fn, home.owner, isNew));
  if (home.log === wanted) home.settle();
  else home.move(wanted);
}

/** Whether nothing was read or published with these data. */
async function isUnused(store: FunctionStore): Promise<boolean> {
  return (await store.positions()).length === 0 && (await store.find({ table: outbox, limit: 1 })).length === 0;
}

function claimOf({ name, consumes, publishes }: Claiming, owner: string, isNew: boolean): LogClaim {
  return { reader: name, consumes, publishes, owner, isNew };
}

/**
 * Moves the data of all functions into the log of the settings, where they are in another one. To be called before any function
 * starts. Returns the log that they were in; null where there was nothing to do.
 *
 * Each function moves in a commit of its own. Where that ends half-way, the next start goes on: who has moved was found to have
 * read everything, and nothing was written since.
 * @throws {ConfigError} naming `LOG`, when messages are on their way or a function runs; nothing is moved then
 */
export async function moveData(config: Config, open = openStoreLog): Promise<string | null> {
  const wanted = logNameOf(config);
  const all = placedFunctions(config);
  const moving = all.filter(({ log }) => log !== null && log !== wanted);
  const from = moving[0]?.log ?? null;
  if (from === null) return null;
  const stores = new Map<FunctionName, FunctionStore>();
  try {
    // All of them, so that none can write meanwhile.
    for (const { name, file } of all) {
      if (existsSync(file))
        stores.set(
          name,
          openStore(definitionOf(name, config), config, () => undefined),
        );
    }
    const lagging = await laggingReaders(all, from, config);
    if (lagging.length > 0) {
      throw new ConfigError(
        'LOG',
        `the data cannot move from the log ${from} to ${wanted} while messages are on their way: ${lagging.join('; ')}. ` +
          `Start the store with its former settings, wait until "npm run prove" shows nothing unread, stop it, and start again`,
      );
    }
    await claimAll(all, stores, await open(config, []));
    for (const each of moving) stores.get(each.name)?.home.move(wanted, positionsIn(wanted, each, all));
  } finally {
    for (const store of stores.values()) await store.close();
  }
  return from;
}

/** Before anything is moved: data that were moved into the log of another store could not go back while that one has messages. */
async function claimAll(
  all: readonly Placed[],
  stores: ReadonlyMap<FunctionName, FunctionStore>,
  { log, claims }: OpenLog,
): Promise<void> {
  try {
    for (const placed of all) {
      const store = stores.get(placed.name);
      if (store !== undefined) await claims?.claim(claimOf(placed, store.home.owner, await isUnused(store)));
    }
  } finally {
    await log.close();
  }
}

function placedFunctions(config: Config): readonly Placed[] {
  return functionNames.map((name) => {
    const file = dataFile(config.DATA_DIR, name);
    const { consumes, publishes } = definitionOf(name, config);
    return { name, file, log: existsSync(file) ? logInFile(file) : null, consumes, publishes };
  });
}

function definitionOf(name: FunctionName, config: Config) {
  return moduleOf(name).create(config);
}

/** Who has not read or sent what, each as a part of a sentence. Functions that have moved had nothing left. */
async function laggingReaders(all: readonly Placed[], from: string, config: Config): Promise<readonly string[]> {
  const { log } = await openStoreLog({ ...config, ...logNamed(from) }, []);
  try {
    const here = all.filter((each) => each.log === from || each.log === null);
    const lags = log.features.isOutbox ? [] : unsentOf(here.filter((each) => each.log === from));
    for (const topic of Object.keys(topics)) lags.push(...(await unreadIn(log, topic, here)));
    return lags;
  } finally {
    await log.close();
  }
}

function unsentOf(writers: readonly Placed[]): string[] {
  return writers.flatMap(({ name, file, publishes }) => {
    const unsent = publishes === null ? 0 : unsentCount(file);
    return unsent === 0 ? [] : [`${name} has ${unsent} to send`];
  });
}

/** By the ends that the log tells and the functions' own positions; one that never ran has read nothing. */
async function unreadIn(log: MessageLog, topic: string, readers: readonly Placed[]): Promise<readonly string[]> {
  const lanes = await log.progress(topic);
  return readers.flatMap(({ name, file }) => {
    const stored = log.features.isOutbox || !existsSync(file) ? [] : storedPositions(file);
    const unread = lanes
      .filter(({ group }) => group === name)
      .reduce((sum, lane) => {
        const own = stored.find((each) => each.topic === topic && each.partition === lane.partition);
        return sum + (log.features.isOutbox ? lane.lag : unreadOf(lane, own?.position ?? 0));
      }, 0);
    return unread > 0 ? [`${name} has ${unread} of ${topic} to read`] : [];
  });
}

/**
 * A position beyond the end is one in a topic that was made anew: nothing of this one was read. Behind the last record a log may have
 * marks of its own, which only what a group has noted there goes beyond.
 */
function unreadOf({ end, lag }: Progress, position: number): number {
  return position > end ? end : Math.min(end - position, lag);
}

/** Where a function goes on that moves to the embedded log: at the ends of the outboxes, for all in them was read. */
function positionsIn(wanted: string, { consumes }: Placed, all: readonly Placed[]): readonly Position[] {
  if (wanted !== EMBEDDED) return [];
  return consumes.flatMap((topic) => {
    const writer = all.find(({ publishes, file }) => publishes === topic && existsSync(file));
    return writer === undefined ? [] : [{ topic, partition: 0, ...outboxEnd(writer.file) }];
  });
}
