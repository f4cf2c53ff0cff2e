import { AppError } from '../../core/errors.ts';
import { partitionOf } from '../../core/partition.ts';
import { type OutboxTextRow, outboxTexts } from '../../ports/tables/outbox.ts';
import type { Inspected } from './inspected.ts';
import type { StoredMessage } from './message-body.ts';

/** The messages of a topic, in one or several sequences, in each of which positions rise. */
export interface MessageSource {
  readonly sequences: readonly number[];
  /** Up to `max` messages of a sequence, from this position on or back; from its end where it is null. None where there are none. */
  read(sequence: number, from: number | null, isBackwards: boolean, max: number): Promise<readonly StoredMessage[]>;
}

/**
 * The messages of a topic that this function knows: those of its own are in its outbox, whatever carries them; those of a public
 * topic are in the log, and so are all others where the outboxes are the log.
 * @param partition only this one; undefined for all
 * @param key only the messages of this partition key, where that can be looked up
 * @throws {AppError} `not_found` for a topic that this function cannot tell about
 */
export function sourceOf(
  inspected: Inspected,
  topic: string,
  { partition, key }: { readonly partition?: number | undefined; readonly key?: string | undefined },
): MessageSource {
  const { fn, log, writerOf } = inspected;
  if (topic === fn.publishes) return outboxSource(inspected, key);
  const isKnown = fn.consumes.includes(topic) && (log.features.isOutbox || writerOf(topic) === null);
  if (!isKnown) {
    throw new AppError('not_found', `${fn.name} cannot tell what lies in a topic ${topic.slice(0, 64)}`);
  }
  const all = Array.from({ length: log.features.partitions }, (_, n) => n);
  return {
    sequences: partition === undefined ? all : all.filter((each) => each === partition),
    read: (sequence, from, isBackwards, max) => log.browse(topic, { partition: sequence, from, isBackwards, max }),
  };
}

/** Commit order is one sequence, also where the messages are sent on to several partitions. */
function outboxSource({ store, log }: Inspected, key: string | undefined): MessageSource {
  const { partitions } = log.features;
  return {
    sequences: [0],
    async read(_, from, isBackwards, max) {
      const rows = await store.find({
        table: outboxTexts,
        ...(key === undefined ? {} : { where: { subject: key } }),
        orderBy: ['position'],
        descending: isBackwards,
        ...(from === null ? {} : { after: [isBackwards ? from + 1 : from - 1] }),
        limit: max,
      });
      return rows.map((row) => storedMessage(row, partitions));
    },
  };
}

/** A message of the outbox; its partition is the one that its key belongs into. */
function storedMessage({ position = 0, attributes, data }: OutboxTextRow, partitions: number): StoredMessage {
  const partition = partitions === 1 ? 0 : partitionOf(attributes.partitionkey, partitions);
  return { partition, position, attributes: { ...attributes }, value: data };
}
