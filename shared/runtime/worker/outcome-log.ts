import type { Incoming } from '../handle/incoming.ts';
import { isDeadLettered, type Outcome, reasonOf } from '../handle/outcome.ts';
import { describeError } from '../observe/error-report.ts';
import type { Logger } from '../observe/logger.ts';

/** The messages on which the rules threw. */
export function logFailures(name: string, logger: Logger, outcomes: readonly Outcome[]): void {
  for (const outcome of outcomes) {
    if (outcome.kind !== 'failed' && outcome.kind !== 'parked' && outcome.kind !== 'dead') continue;
    if (outcome.error === undefined) continue;
    const { id, type, correlationid } = outcome.message;
    const error = describeError(outcome.error);
    logger.error({ id, type, correlationid, error }, `${name} failed on a message: ${outcome.kind}`);
  }
}

/** A record that cannot be read. */
export function logRejected(logger: Logger, item: Incoming): void {
  if (item.from !== 'log' || item.parsed.kind !== 'rejected') return;
  const { topic, partition, position } = item.record;
  logger.warn({ topic, partition, position }, `dead-lettered: ${item.parsed.detail}`);
}

/** No caller waits for the outcome of this message, so the log says why it is dead-lettered. */
export function logDeadLettered(logger: Logger, outcome: Outcome): void {
  if (!isDeadLettered(outcome)) return;
  const { id, source, type } = outcome.message;
  const { detail } = outcome.kind === 'refused' ? outcome : reasonOf(outcome);
  logger.warn({ id, source, type }, `dead-lettered: ${detail}`);
}
