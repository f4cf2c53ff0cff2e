import { AppError } from '../../core/errors.ts';
import type { Progress } from '../../ports/message-log.ts';
import { topicEpochs } from '../../ports/tables/outbox.ts';
import type { Inspected } from './inspected.ts';
import { messageBody, type StoredMessage } from './message-body.ts';
import type { LocatedBody } from './part-representation.ts';
import { progressOf } from './topics.ts';

/** Says of messages of one topic where readers get them, and which readers have come past them. */
export async function located(
  inspected: Inspected,
  topic: string,
  messages: readonly StoredMessage[],
): Promise<readonly LocatedBody[]> {
  if (messages.length === 0) return [];
  const progress = await knownProgress(inspected, topic);
  const found: LocatedBody[] = [];
  for (const message of messages) {
    const delivered = await placeOf(inspected, topic, message);
    const epoch = topic === inspected.fn.publishes ? await epochOf(inspected, message.position) : '';
    found.push({ message: messageBody(message), topic, epoch, delivered, readBy: readBy(progress, delivered) });
  }
  return found;
}

/** Null where the log does not tell now: what is known of the messages is told all the same. */
async function knownProgress(inspected: Inspected, topic: string): Promise<readonly Progress[] | null> {
  try {
    return await progressOf(inspected, topic);
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}

async function placeOf(
  { fn, relayed }: Inspected,
  topic: string,
  { partition, position }: StoredMessage,
): Promise<LocatedBody['delivered']> {
  if (relayed === null || topic !== fn.publishes) return { partition, position };
  const place = await relayed.placeOf(topic, position);
  return place === null ? null : { partition: place.partition, position: place.offset + 1 };
}

async function epochOf({ store }: Inspected, position: number): Promise<string> {
  const query = { table: topicEpochs, atMost: { fromPosition: position - 1 }, orderBy: ['number'], descending: true };
  const [row] = await store.find({ ...query, limit: 1 });
  return row?.epoch ?? '';
}

function readBy(progress: readonly Progress[] | null, delivered: LocatedBody['delivered']): LocatedBody['readBy'] {
  if (progress === null) return {};
  const groups = [...new Set(progress.map(({ group }) => group))];
  return Object.fromEntries(
    groups.map((group) => {
      if (delivered === null) return [group, false];
      const lane = progress.find((each) => each.group === group && each.partition === delivered.partition);
      return [group, lane === undefined ? null : lane.position >= delivered.position];
    }),
  );
}
