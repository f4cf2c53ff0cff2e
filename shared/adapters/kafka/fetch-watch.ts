import { type Lane, laneName } from '../../ports/store.ts';
import type { KafkaAdmin, PartitionEnds } from './kafka-client.ts';

const LOOK_MS = 5_000;
/**
 * A lane that stood still behind its end in so many looks in a row may be lost: longer than any request of a fetch takes. Looks
 * and no time, because a frozen process has none.
 */
const LOST_LOOKS = 6;
const LOST_S = (LOST_LOOKS * LOOK_MS) / 1_000;

/** A lane that is to be fetched, and the offset of the next record of it. */
export interface WantedLane extends Lane {
  readonly wanted: number;
}

export interface FetchWatchOptions {
  readonly lanes: () => readonly WantedLane[];
  readonly ends: (topics: readonly string[]) => Promise<readonly (Lane & PartitionEnds)[]>;
  readonly records: KafkaAdmin['records'];
  /** The lanes that the consumer is to have in its group, as its only member. */
  readonly all: readonly Lane[];
  /** Those that it has; null while it is not in its group. */
  readonly assigned: () => readonly Lane[] | null;
  /** A record is there and the consumer does not fetch it, or it may not fetch a lane. */
  readonly onLost: (sentence: string) => void;
}

interface Seen {
  readonly wanted: number;
  /** In how many looks in a row the lane stood still behind its end. */
  readonly times: number;
}

/**
 * Notices that a consumer of which the broker hears does not fetch a lane: a client library may lose one for good, and a member
 * of its group that should be gone may hold it.
 */
export class FetchWatch {
  readonly #options: FetchWatchOptions;
  readonly #timer: NodeJS.Timeout;
  #seen: ReadonlyMap<string, Seen> = new Map();
  #isLooking = false;
  /** In how many looks in a row a lane was not assigned. */
  #unassigned = 0;

  constructor(options: FetchWatchOptions) {
    this.#options = options;
    this.#timer = setInterval(() => {
      this.#countUnassigned();
      this.#look();
    }, LOOK_MS);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #countUnassigned(): void {
    const assigned = this.#options.assigned()?.map(laneName);
    const lane = assigned && this.#options.all.find((one) => !assigned.includes(laneName(one)));
    this.#unassigned = lane === undefined ? 0 : this.#unassigned + 1;
    if (lane === undefined || this.#unassigned < LOST_LOOKS) return;
    this.#unassigned = 0;
    this.#options.onLost(`${laneName(lane)} was not assigned to the only consumer of its group for ${LOST_S} s`);
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      await this.#compare();
    } catch {
      // A broker that does not answer is the consumer's to tell, and a look that failed is none.
    } finally {
      this.#isLooking = false;
    }
  }

  async #compare(): Promise<void> {
    const lanes = this.#options.lanes();
    const timesOf = (lane: WantedLane) => this.#seen.get(laneName(lane))?.times ?? 0;
    const still = lanes.filter((lane) => this.#seen.get(laneName(lane))?.wanted === lane.wanted);
    const ends = still.length === 0 ? [] : await this.#options.ends([...new Set(still.map(({ topic }) => topic))]);
    const behind = still.filter((lane) => endOf(lane, ends) > lane.wanted);
    const suspected = behind.filter((lane) => timesOf(lane) + 1 >= LOST_LOOKS);
    const waiting = behind.filter((lane) => !suspected.includes(lane));
    this.#seen = new Map(
      lanes.map((lane) => [
        laneName(lane),
        { wanted: lane.wanted, times: waiting.includes(lane) ? timesOf(lane) + 1 : 0 },
      ]),
    );
    for (const lane of suspected) {
      if (!(await this.#isThere(lane))) continue;
      this.#options.onLost(`${laneName(lane)} has messages that were not fetched for ${LOST_S} s`);
      return;
    }
  }

  /** Whether a fetch brings something, which it does not where a transaction is open; and the lane still waits for it. */
  async #isThere(lane: WantedLane): Promise<boolean> {
    const { next } = await this.#options.records(lane, lane.wanted);
    const now = this.#options.lanes().find((other) => laneName(other) === laneName(lane));
    return next > lane.wanted && now?.wanted === lane.wanted;
  }
}

function endOf({ topic, partition }: Lane, ends: readonly (Lane & PartitionEnds)[]): number {
  return ends.find((end) => end.topic === topic && end.partition === partition)?.high ?? 0;
}
