import type { Clock } from '../../ports/clock.ts';
import type { Progress } from '../../ports/message-log.ts';
import type { Lane } from '../../ports/store.ts';
import { AppendTimes } from './append-times.ts';
import type { KafkaAdmin, PartitionEnds } from './kafka-client.ts';
import { kafkaError } from './kafka-errors.ts';

/** Asking the broker takes some requests, and metrics, health and operators ask at once. */
const CACHED_MS = 250;

export interface GroupProgressOptions {
  readonly admin: KafkaAdmin;
  readonly clock: Clock;
  /** The name of a group at the broker. */
  readonly groupId: (group: string) => string;
  /** How far a member of the group in this process has read a lane; null where none has the lane. */
  readonly progressHere: (
    group: string,
    lane: Lane,
  ) => { readonly position: number; readonly oldestMs: number | null } | null;
}

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
    try {
      const ends = await this.#options.admin.ends(topic);
      const found: Progress[] = [];
      for (const group of groups) found.push(...(await this.#ofGroup(topic, group, ends)));
      return found;
    } catch (error) {
      throw kafkaError(error, `how far ${topic} was read is not known`);
    }
  }

  async #ofGroup(topic: string, group: string, ends: readonly PartitionEnds[]): Promise<readonly Progress[]> {
    const { admin, groupId, progressHere } = this.#options;
    const here = new Map(ends.map(({ partition }) => [partition, progressHere(group, { topic, partition })]));
    const isAllHere = ends.every(({ partition }) => here.get(partition) !== null);
    const noted = isAllHere ? [] : await admin.groupOffsets(groupId(group), topic);
    const found: Progress[] = [];
    for (const { partition, low, high } of ends) {
      const own = here.get(partition) ?? null;
      const read = own?.position ?? noted.find((each) => each.partition === partition)?.offset ?? 0;
      // A position behind the end is one in a topic that was deleted and made anew.
      const position = read > high ? 0 : read;
      const unread = Math.max(position, low);
      const oldestMs =
        unread === high ? null : (own?.oldestMs ?? (await this.#times.of({ topic, partition, offset: unread })));
      const oldestUnreadAt = oldestMs === null ? null : new Date(oldestMs).toISOString();
      found.push({ group, partition, position, end: high, lag: high - unread, oldestUnreadAt });
    }
    return found;
  }
}
