import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../core/errors.ts';
import type { Progress } from '../../ports/message-log.ts';
import { outboxHeads } from '../../ports/tables/outbox.ts';
import type { Inspected } from './inspected.ts';
import type { TopicBody } from './representation.ts';

/** A log elsewhere may take longer; then the progress is not known this time. */
const PROGRESS_MS_MAX = 1_500;

/** The topics that a function writes, and those that it reads. */
export function topicNamesOf({ publishes, consumes }: Inspected['fn']): readonly string[] {
  return [...new Set([...(publishes === null ? [] : [publishes]), ...consumes])];
}

/** The topics that it alone can tell about: its own, and public ones, which no function writes. */
export function ownTopicNamesOf({ fn, writerOf }: Inspected): readonly string[] {
  return topicNamesOf(fn).filter((topic) => topic === fn.publishes || writerOf(topic) === null);
}

/** How far each of these topics was written and read, by every reader, whether it runs or not. */
export function topicsOf(inspected: Inspected, names: readonly string[]): Promise<readonly TopicBody[]> {
  return Promise.all(names.map((name) => topicOf(inspected, name)));
}

async function topicOf(inspected: Inspected, name: string): Promise<TopicBody> {
  const writer = inspected.writerOf(name);
  try {
    const readers = await progressOf(inspected, name);
    return { name, writer, end: await endOf(inspected, name, readers), readers: [...readers], detail: null };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { name, writer, end: null, readers: [], detail: error.message };
  }
}

/** @throws {AppError} `unavailable` when the log does not answer in time. */
export async function progressOf({ log }: Pick<Inspected, 'log'>, topic: string): Promise<readonly Progress[]> {
  const over = new AbortController();
  const tooLate = sleep(PROGRESS_MS_MAX, null, { signal: over.signal }).catch(() => null);
  const progress = log.progress(topic);
  // Who is too late fails alone.
  progress.catch(() => undefined);
  try {
    const first = await Promise.race([progress, tooLate]);
    if (first !== null) return first;
    throw new AppError('unavailable', `how far ${topic} was read is not known: the log does not answer`);
  } finally {
    over.abort();
  }
}

/** The position of the newest message. Where messages are sent on, those of the function's own topic count in its outbox. */
async function endOf({ fn, store, log }: Inspected, topic: string, readers: readonly Progress[]): Promise<number> {
  if (topic === fn.publishes && (!log.features.isOutbox || readers.length === 0)) {
    const [newest] = await store.find({ table: outboxHeads, orderBy: ['position'], descending: true, limit: 1 });
    return newest?.position ?? 0;
  }
  const ends = new Map(readers.map(({ partition, end }) => [partition, end]));
  return [...ends.values()].reduce((sum, end) => sum + end, 0);
}
