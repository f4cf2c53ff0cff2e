import { randomBytes } from 'node:crypto';
import type { Clock } from '../../ports/clock.ts';
import type { LogRecord, Subscription } from '../../ports/message-log.ts';
import { type Lane, laneName, type Position } from '../../ports/store.ts';
import { ConsumerWatch, SILENCE_MS } from './consumer-watch.ts';
import { FetchWatch } from './fetch-watch.ts';
import type { KafkaBatch, KafkaClient, KafkaConsumer, PartitionEnds } from './kafka-client.ts';
import { kafkaError } from './kafka-errors.ts';
import { LaneReader } from './lane-reader.ts';
import { laneStart } from './lane-start.ts';
import { bounded } from './reconnecting.ts';

const NONE: ReadonlySet<string> = new Set();
/** How long a lane waits before it is taken up again after something went wrong. */
const AGAIN_MS = 500;
/** How often at most a group notes where it goes on, once it has begun. */
const COMMIT_MS = 250;

export interface KafkaSubscriptionOptions {
  readonly client: KafkaClient;
  readonly clock: Clock;
  readonly group: string;
  /** Whose data the records become a part of: others of the group's name see it. */
  readonly owner: string;
  /** The topics to read, and the only function that writes each; null for a public one. */
  readonly topics: ReadonlyMap<string, string | null>;
  /** All lanes of the topics where the group has one member, which reads them all; null where others may read some. */
  readonly lanes: readonly Lane[] | null;
  readonly positions: () => Promise<readonly Position[]>;
  /** Whether a reader with these positions goes on in this topic where records that it has not read were pruned. */
  readonly mayMiss: (topic: string, positions: readonly Position[]) => boolean;
  readonly wake: () => void;
  readonly onWarning?: ((sentence: string) => void) | undefined;
  readonly onClose: () => void;
}

/**
 * Reads topics for one member of a consumer group. The broker says which lanes are this member's; where each is taken up, the
 * reader's own positions say. Kafka's positions of the group are notes for tools and for other stores; no reader goes by them.
 */
export class KafkaSubscription implements Subscription {
  readonly group: string;
  readonly #options: KafkaSubscriptionOptions;
  readonly #watch: ConsumerWatch;
  readonly #fetchWatch: FetchWatch;
  #consumer: KafkaConsumer | null = null;
  /** Counts the assignments, so that what belongs to an earlier one is dropped. */
  #assignment = 0;
  #assigned: readonly Lane[] = [];
  #assignedMs = 0;
  #readers = new Map<string, LaneReader>();
  /** How far each lane was read in this run: an acknowledgement may be newer than the positions that were read. */
  readonly #read = new Map<string, Position>();
  /** Why a lane, or all of them by the name `''`, cannot be taken up. */
  readonly #problems = new Map<string, string>();
  readonly #uncommitted = new Map<string, Lane & { readonly offset: number }>();
  #commitTimer: NodeJS.Timeout | undefined;
  #hasBegun = false;
  #isClosed = false;
  /** Another lane comes first when something was acknowledged, so that a busy one does not starve the others. */
  #turn = 0;

  constructor(options: KafkaSubscriptionOptions) {
    this.#options = options;
    this.group = options.group;
    this.#watch = new ConsumerWatch({
      client: options.client,
      clock: options.clock,
      group: options.group,
      topics: [...options.topics.keys()],
      onAssigned: (lanes, consumer) => this.#assign(lanes, consumer),
      onBatch: (lane, batch) => this.#take(lane, batch),
    });
    this.#fetchWatch = new FetchWatch({
      lanes: () =>
        [...this.#readers.values()].flatMap(({ lane, wanted }) => (wanted === null ? [] : { ...lane, wanted })),
      ends: (topics) => this.#ends(topics),
      records: (lane, offset) => options.client.admin.records(lane, offset),
      all: options.lanes ?? [],
      assigned: () => (this.#watch.unavailableReason() === null ? this.#assigned : null),
      onLost: (sentence) => {
        options.onWarning?.(`${sentence}: the consumer is built anew`);
        this.#watch.replace(sentence);
      },
    });
  }

  async poll(max: number, paused: ReadonlySet<string> = NONE): Promise<readonly LogRecord[]> {
    const records: LogRecord[] = [];
    const readers = [...this.#readers.values()];
    const first = this.#turn % Math.max(1, readers.length);
    for (const reader of [...readers.slice(first), ...readers.slice(0, first)]) {
      if (!paused.has(laneName(reader.lane))) records.push(...reader.poll(max - records.length));
    }
    return records;
  }

  async acknowledge(positions: readonly Position[]): Promise<void> {
    this.#turn += 1;
    for (const position of positions) {
      const name = laneName(position);
      const reader = this.#readers.get(name);
      if (reader !== undefined && reader.epoch !== (position.epoch ?? '')) continue;
      this.#read.set(name, position);
      reader?.acknowledge(position.position);
      if (reader !== undefined) this.#note(reader);
    }
  }

  async ends(): Promise<readonly Position[]> {
    const positions = await this.#options.positions();
    const ends = await this.#ends([...this.#options.topics.keys()]);
    return ends.map(({ high, ...lane }) => {
      const { topic, partition } = lane;
      const known = this.#readers.get(laneName(lane)) ?? currentOf(positions, lane);
      const position = { topic, partition, position: high };
      return known?.epoch === undefined ? position : { ...position, epoch: known.epoch };
    });
  }

  unavailableReason(): string | null {
    if (this.#isClosed) return null;
    const reason = this.#watch.unavailableReason() ?? [...this.#problems.values()][0] ?? this.#unreadReason();
    return reason === null ? null : `${[...this.#options.topics.keys()].join(', ')} cannot be read: ${reason}`;
  }

  /** How far this member has read a lane; null where it is not this member's. */
  progressOf(lane: Lane): { readonly position: number; readonly oldestMs: number | null } | null {
    return this.#readers.get(laneName(lane)) ?? null;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#commitTimer);
    this.#fetchWatch.close();
    await bounded(this.#commit());
    this.#assignment += 1;
    this.#readers.clear();
    await this.#watch.close();
    this.#options.onClose();
  }

  /** Until the lanes were looked at once, an empty poll says nothing: no timer may take it for the end. */
  #unreadReason(): string | null {
    const wanted = this.#options.lanes ?? this.#assigned;
    const lagging = wanted.find((lane) => this.#readers.get(laneName(lane))?.isReady !== true);
    if (lagging === undefined) this.#hasBegun = true;
    const isSlow = this.#options.clock.upMs() - this.#assignedMs > SILENCE_MS;
    if (lagging === undefined || (this.#hasBegun && !isSlow)) return null;
    return `${laneName(lagging)} is not taken up yet`;
  }

  /** Nothing of these lanes is fetched until their positions are known: called by the library before its first fetch. */
  #assign(lanes: readonly Lane[], consumer: KafkaConsumer): void {
    if (this.#isClosed) return;
    this.#assignment += 1;
    this.#consumer = consumer;
    this.#assigned = lanes;
    this.#assignedMs = this.#options.clock.upMs();
    this.#readers = new Map();
    this.#problems.clear();
    consumer.pause(lanes);
    if (lanes.length > 0) this.#begin(lanes, this.#assignment);
  }

  async #begin(lanes: readonly Lane[], assignment: number): Promise<void> {
    const { positions: ask, mayMiss, topics } = this.#options;
    try {
      const positions = await ask();
      const ends = await this.#ends([...new Set(lanes.map(({ topic }) => topic))]);
      if (assignment !== this.#assignment) return;
      this.#problems.delete('');
      const begun = lanes.filter((lane) => {
        const end = ends.find(({ topic, partition }) => topic === lane.topic && partition === lane.partition);
        if (end === undefined) throw new Error(`${laneName(lane)} is not there`);
        const known = this.#newest(currentOf(positions, lane), lane);
        const mayMissHere = mayMiss(lane.topic, positions);
        const count = ends.filter(({ topic }) => topic === lane.topic).length;
        return this.#beginLane(lane, { ...end, lanes: count }, known, mayMissHere, topics.get(lane.topic) ?? null);
      });
      // Before the first record is read: another store that starts on these topics learns by it whose they are.
      await bounded(this.#commit());
      if (assignment !== this.#assignment) return;
      if (begun.length > 0) this.#consumer?.resume(begun);
      this.#options.wake();
    } catch (error) {
      if (assignment !== this.#assignment) return;
      this.#problems.set('', error instanceof Error ? error.message : String(error));
      this.#again(lanes, assignment);
    }
  }

  /** Returns whether the lane can be read: records that were pruned before they were read are in the way of it. */
  #beginLane(
    lane: Lane,
    ends: PartitionEnds & { readonly lanes: number },
    known: Position | undefined,
    mayMiss: boolean,
    writer: string | null,
  ): boolean {
    const consumer = this.#consumer as KafkaConsumer;
    const name = laneName(lane);
    const start = laneStart(known, ends, mayMiss, newEpoch());
    if ('missed' in start) {
      const why =
        'this reader was stopped for longer than the topic keeps them, they were deleted there, or the data are a copy that is too old';
      const remedy = 'where the data are a copy, restore a newer one; else set SKIP_PRUNED_RECORDS';
      this.#problems.set(name, `${start.missed} of ${name} were pruned before they were read: ${why}; ${remedy}`);
      return false;
    }
    this.#problems.delete(name);
    const onLost = () =>
      this.#options.onWarning?.(`records of ${name} that were read are gone: the topic was made anew, or cut`);
    if (known !== undefined && start.epoch !== (known.epoch ?? '')) onLost();
    const { low, high, lanes } = ends;
    const reader = new LaneReader({ lane, consumer, start, low, high, lanes, writer, newEpoch, onLost });
    this.#readers.set(name, reader);
    // A process that was killed has not noted the last of what it has read.
    this.#note(reader);
    this.#read.set(name, { ...lane, position: start.position, epoch: start.epoch });
    return true;
  }

  /** The position of the lane in the store, or a newer one of the same epoch that this run knows. */
  #newest(stored: Position | undefined, lane: Lane): Position | undefined {
    const read = this.#read.get(laneName(lane));
    if (read === undefined || stored === undefined) return stored ?? read;
    const isNewer = (read.epoch ?? '') === (stored.epoch ?? '') && read.position > stored.position;
    return isNewer ? read : stored;
  }

  #again(lanes: readonly Lane[], assignment: number): void {
    const timer = setTimeout(() => {
      if (assignment === this.#assignment) this.#begin(lanes, assignment);
    }, AGAIN_MS);
    timer.unref();
  }

  /** Called by the library, which stops for good when something is thrown here. */
  #take(lane: Lane, batch: KafkaBatch): boolean {
    const name = laneName(lane);
    const reader = this.#readers.get(name);
    // Records of a lane that is not this member's any more, or not yet.
    if (reader === undefined || this.#isClosed) return false;
    let isTaken = false;
    try {
      const taken = reader.take(batch);
      isTaken = taken === 'taken';
      if (taken === 'lost') this.#drop(reader);
    } catch (error) {
      this.#problems.set(name, error instanceof Error ? error.message : String(error));
      this.#drop(reader);
    }
    this.#options.wake();
    return isTaken;
  }

  #drop(reader: LaneReader): void {
    this.#readers.delete(laneName(reader.lane));
    this.#consumer?.pause([reader.lane]);
    this.#again([reader.lane], this.#assignment);
  }

  async #ends(topics: readonly string[]): Promise<readonly (Lane & PartitionEnds)[]> {
    const { admin } = this.#options.client;
    try {
      const ends = await Promise.all(topics.map(async (topic) => ({ topic, ends: await admin.ends(topic) })));
      return ends.flatMap(({ topic, ends: found }) => found.map((end) => ({ topic, ...end })));
    } catch (error) {
      throw kafkaError(error, `the ends of ${topics.join(', ')} cannot be read`);
    }
  }

  #note({ lane, position }: LaneReader): void {
    this.#uncommitted.set(laneName(lane), { ...lane, offset: position });
    this.#commitTimer ??= setTimeout(() => {
      this.#commitTimer = undefined;
      this.#commit();
    }, COMMIT_MS).unref();
  }

  /** A note for tools: no one misses it when it fails. */
  async #commit(): Promise<void> {
    const { owner: note } = this.#options;
    const own = [...this.#uncommitted.values()].filter((lane) => this.#readers.has(laneName(lane)));
    const offsets = own.map((lane) => ({ ...lane, note }));
    this.#uncommitted.clear();
    if (offsets.length === 0) return;
    await this.#consumer?.commit(offsets).catch(() => undefined);
  }
}

function currentOf(positions: readonly Position[], { topic, partition }: Lane): Position | undefined {
  return positions.find((own) => own.topic === topic && own.partition === partition);
}

function newEpoch(): string {
  return randomBytes(8).toString('hex');
}
