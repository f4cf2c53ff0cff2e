import type { Clock } from '../../ports/clock.ts';
import type { Lane } from '../../ports/store.ts';
import type { KafkaAdmin } from './kafka-client.ts';

const STEP_MS = 1_000;
/** Steps back in time, each four times as long: more than half a year in all. */
const STEPS_MAX = 13;
const REQUESTS_MAX = 30;
/** How exact a time is: to the second, or to this part of its age. */
const PRECISION = 1 / 16;

/**
 * When the broker appended a record, without reading it: a broker says which record is the first one after a time, so the time
 * is found by halving. A record's time never changes, so the last ones found are remembered.
 */
export class AppendTimes {
  readonly #admin: Pick<KafkaAdmin, 'offsetsAt'>;
  readonly #clock: Clock;
  /** The offset asked for last in each lane, and its time. */
  readonly #found = new Map<string, { readonly offset: number; readonly timeMs: number }>();

  constructor(admin: Pick<KafkaAdmin, 'offsetsAt'>, clock: Clock) {
    this.#admin = admin;
    this.#clock = clock;
  }

  /** Milliseconds since 1970, up to a second, or a sixteenth of the record's age, too early. The record has to be there. */
  async of({ topic, partition, offset }: Lane & { readonly offset: number }): Promise<number> {
    const name = `${topic}/${partition}`;
    const known = this.#found.get(name);
    if (known?.offset === offset) return known.timeMs;
    const isAfter = async (timeMs: number) => {
      const offsets = await this.#admin.offsetsAt(topic, Math.floor(timeMs));
      return (offsets.find((each) => each.partition === partition)?.offset ?? 0) <= offset;
    };
    const timeMs = await this.#search(isAfter);
    this.#found.set(name, { offset, timeMs });
    return timeMs;
  }

  /** The latest time for which `isAfter` holds: the record was appended then or later. */
  async #search(isAfter: (timeMs: number) => Promise<boolean>): Promise<number> {
    const nowMs = this.#clock.nowMs();
    let late = nowMs;
    let early = nowMs - STEP_MS;
    let requests = 1;
    for (let step = 1; step < STEPS_MAX && !(await isAfter(early)); step++) {
      requests += 1;
      late = early;
      early = nowMs - STEP_MS * 4 ** step;
    }
    while (late - early > Math.max(STEP_MS, (nowMs - late) * PRECISION) && requests < REQUESTS_MAX) {
      requests += 1;
      const middle = (early + late) / 2;
      if (await isAfter(middle)) early = middle;
      else late = middle;
    }
    return Math.floor(early);
  }
}
