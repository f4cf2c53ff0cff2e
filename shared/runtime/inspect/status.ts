import { AppError } from '../../core/errors.ts';
import { deadLetters } from '../../ports/tables/retry.ts';
import type { Inspected } from './inspected.ts';
import type { StatusBody } from './representation.ts';
import { topicNamesOf, topicsOf } from './topics.ts';

/** How a function is now. `startedAt`: ISO 8601. */
export async function statusOf(inspected: Inspected, startedAt: string): Promise<StatusBody> {
  const { fn, clock, figures } = inspected;
  const { parked, paused } = inspected.waiting();
  const [detail, open, topics] = await Promise.all([
    inspected.unavailableReason(),
    openDeadLetters(inspected),
    topicsOf(inspected, topicNamesOf(fn)),
  ]);
  return {
    name: fn.name,
    state: detail === null ? 'up' : 'unready',
    detail,
    startedAt,
    at: new Date(clock.nowMs()).toISOString(),
    parked,
    deadLetters: open,
    pausedTopics: [...paused],
    commitMs: figures.commitMs,
    walBytes: inspected.walBytes(),
    messages: figures.messages,
    topics: [...topics],
  };
}

/** How many dead letters wait for an operator; null where the store cannot be read, which is why the function is not ready. */
export async function openDeadLetters({ store }: Pick<Inspected, 'store'>): Promise<number | null> {
  try {
    return await store.count(deadLetters, { status: 'open' });
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}
