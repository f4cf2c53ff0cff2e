import { AppError } from '../../core/errors.ts';
import type { SentPlace } from '../../ports/relayed.ts';
import { readEvent } from './event-format.ts';
import type { KafkaAdmin, PartitionEnds } from './kafka-client.ts';
import { kafkaError } from './kafka-errors.ts';

type Admin = Pick<KafkaAdmin, 'ends' | 'records'>;
interface OwnTopic {
  readonly topic: string;
  readonly writer: string | null;
}

/**
 * Which of these messages are not in their places any more: the partition ends before, or has another record there. A place below
 * the oldest record says nothing, since the broker prunes by age.
 * @throws {AppError} `unavailable`
 */
export async function missingPlaces(
  admin: Admin,
  own: OwnTopic,
  places: readonly SentPlace[],
): Promise<readonly SentPlace[]> {
  try {
    const ends = new Map((await admin.ends(own.topic)).map((each) => [each.partition, each]));
    const areMissing = await Promise.all(
      places.map((place) => isMissing(admin, own, place, ends.get(place.partition) ?? { low: 0, high: 0 })),
    );
    return places.filter((_, index) => areMissing[index]);
  } catch (error) {
    throw kafkaError(error, `what ${own.topic} has is not known`);
  }
}

async function isMissing(
  admin: Admin,
  { topic, writer }: OwnTopic,
  { partition, offset, epoch, position }: SentPlace,
  { low, high }: Pick<PartitionEnds, 'low' | 'high'>,
): Promise<boolean> {
  if (offset < low) return false;
  if (offset >= high) return true;
  const { records, next } = await admin.records({ topic, partition }, offset);
  // So it is while a leader moves, and behind a transaction of another program that is open.
  if (next === offset) throw new AppError('unavailable', `${topic}/${partition} returned nothing`, { retryAfterS: 1 });
  const record = records.find((each) => each.offset === offset);
  const sent = record === undefined ? undefined : readEvent(record, writer).sent;
  return sent?.epoch !== epoch || sent.position !== position;
}
