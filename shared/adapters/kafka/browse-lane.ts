import type { Browse, LogRecord } from '../../ports/message-log.ts';
import type { Lane } from '../../ports/store.ts';
import { readEvent } from './event-format.ts';
import type { KafkaAdmin, KafkaRecord } from './kafka-client.ts';
import { kafkaError } from './kafka-errors.ts';

/** Fetches for one answer: behind marks of transactions, or records that were compacted, a fetch may bring nothing. */
const FETCHES_MAX = 20;

type Admin = Pick<KafkaAdmin, 'ends' | 'records'>;
type Range = Pick<Browse, 'from' | 'isBackwards' | 'max'>;

/** Records of one lane, beside all groups. A position is the offset and one, as everywhere. @throws {AppError} `unavailable` */
export async function browseLane(
  admin: Admin,
  lane: Lane,
  { writer, ...range }: Range & { readonly writer: string | null },
): Promise<readonly LogRecord[]> {
  try {
    const found = range.isBackwards ? await backwards(admin, lane, range) : await forwards(admin, lane, range);
    return found.map((record) => {
      const { attributes, value } = readEvent(record, writer);
      return { ...lane, position: record.offset + 1, attributes, value };
    });
  } catch (error) {
    throw kafkaError(error, `${lane.topic} cannot be read now`);
  }
}

async function forwards(admin: Admin, lane: Lane, { from, max }: Range): Promise<readonly KafkaRecord[]> {
  const { low, high } = await endsOf(admin, lane);
  return between(admin, lane, Math.max(low, (from ?? 1) - 1), high, max);
}

/** A fetch goes forwards, so it begins so far back that what it brings is enough, and further back where that was nothing. */
async function backwards(admin: Admin, lane: Lane, { from, max }: Range): Promise<readonly KafkaRecord[]> {
  const { low, high } = await endsOf(admin, lane);
  let end = Math.min(high, from ?? high);
  while (end > low) {
    const begin = Math.max(low, end - max);
    const found = await between(admin, lane, begin, end, max);
    if (found.length > 0) return [...found].reverse();
    end = begin;
  }
  return [];
}

async function endsOf(admin: Admin, { topic, partition }: Lane) {
  const ends = await admin.ends(topic);
  return ends.find((each) => each.partition === partition) ?? { low: 0, high: 0 };
}

/** The records from one offset up to, but not including, another one; at most `max`. */
async function between(
  admin: Admin,
  lane: Lane,
  begin: number,
  end: number,
  max: number,
): Promise<readonly KafkaRecord[]> {
  const found: KafkaRecord[] = [];
  let next = begin;
  for (let fetches = 0; next < end && found.length < max && fetches < FETCHES_MAX; fetches++) {
    const fetched = await admin.records(lane, next);
    found.push(...fetched.records.filter(({ offset }) => offset < end));
    if (fetched.next <= next) break;
    next = fetched.next;
  }
  return found.slice(0, max);
}
