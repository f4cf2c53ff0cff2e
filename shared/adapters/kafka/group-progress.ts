import type { Clock } from '../../ports/clock.ts';
import type { Progress } from '../../ports/message-log.ts';
import type { Lane } from '../../ports/store.ts';
import { AppendTimes } from './append-times.ts';
import type { KafkaAdmin, PartitionEnds } from './kafka-client.ts';
import { kafkaError } from './kafka-errors.ts';

/** Asking the broker takes some requests, and metrics, health and operators ask at once. */
const CACHED_MS = 250;

export interface GroupProgressOptions {
  readonly admin: Pick<KafkaAdmin, 'ends' | 'groupOffsets' | 'offsetsAt'>;
  readonly clock: Clock;
  /** How many each topic has. */
  readonly partitions: number;
  /** The name of a group at the broker. */
  readonly groupId: (group: string) => string;
  /** How far a member of the group in this process has read a lane; null where none has the lane. */
  readonly progressHere: (group: string, lane: Lane) => Read | null;
}

/** How far a lane was read. `oldestMs`: when the record behind it was appended; null where that is not known. */
interface Read {
  readonly position: number;
  readonly oldestMs: number | null;
}

const NOTHING: Read = { position: 0, oldestMs: null };

/** How far groups have read: members in this process know it, and the others noted it at the broker. */
export class GroupProgress {
  readonly #options: GroupProgressOptions;
  readonly #times: AppendTimes;
  readonly #cached = new Map<string, { readonly atMs: number; readonly progress: Promise<readonly Progress[]> }>();

  constructor(options: GroupProgressOptions) {
    this.#options = options;
    this.#times = new AppendTimes(options.admin, options.clock);
  }

  of(topic: string, groups: readonly string[]): Promise<readonly Progress[]> {
    const nowMs = this.#options.clock.upMs();
    const cached = this.#cached.get(topic);
    if (cached !== undefined && nowMs - cached.atMs < CACHED_MS) return cached.progress;
    const progress = this.#ask(topic, groups);
    this.#cached.set(topic, { atMs: nowMs, progress });
    progress.catch(() => this.#cached.delete(topic));
    return progress;
  }

  async #ask(topic: string, groups: readonly string[]): Promise<readonly Progress[]> {
    if (groups.length === 0) return [];
    const { admin } = this.#options;
    try {
      // Before the ends: what is appended and read in between would lie beyond them, as in a topic that was made anew.
      const read: { readonly group: string; readonly lanes: readonly Read[] }[] = [];
      for (const group of groups) read.push({ group, lanes: await this.#readBy(group, topic) });
      const ends = await admin.ends(topic);
      const found: Progress[] = [];
      for (const { group, lanes } of read) {
        for (const end of ends) found.push({ group, ...(await this.#progressOf(topic, end, lanes[end.partition])) });
      }
      return found;
    } catch (error) {
      throw kafkaError(error, `how far ${topic} was read is not known`);
    }
  }

  /** How far each lane was read, by its partition. */
  async #readBy(group: string, topic: string): Promise<readonly Read[]> {
    const { admin, partitions, groupId, progressHere } = this.#options;
    const here = Array.from({ length: partitions }, (_, partition) =>
      copyOf(progressHere(group, { topic, partition })),
    );
    const isAllHere = here.every((own) => own !== null);
    const noted = isAllHere ? [] : await admin.groupOffsets(groupId(group), topic);
    return here.map((own, partition) => {
      const position = noted.find((each) => each.partition === partition)?.offset ?? 0;
      return own ?? { position, oldestMs: null };
    });
  }

  async #progressOf(
    topic: string,
    { partition, low, high }: PartitionEnds,
    { position: read, oldestMs: knownMs }: Read = NOTHING,
  ): Promise<Omit<Progress, 'group'>> {
    // A position behind the end is one in a topic that was deleted and made anew.
    const position = read > high ? 0 : read;
    const unread = Math.max(position, low);
    const oldestMs = unread === high ? null : (knownMs ?? (await this.#times.of({ topic, partition, offset: unread })));
    const oldestUnreadAt = oldestMs === null ? null : new Date(oldestMs).toISOString();
    return { partition, position, end: high, lag: high - unread, oldestUnreadAt };
  }
}

/** Of what a reader goes on changing. */
function copyOf(read: Read | null): Read | null {
  return read === null ? null : { position: read.position, oldestMs: read.oldestMs };
}
