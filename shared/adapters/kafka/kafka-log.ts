import { assert } from '../../core/assert.ts';
import { AppError } from '../../core/errors.ts';
import type { OutsideMessage } from '../../core/message.ts';
import { partitionOf } from '../../core/partition.ts';
import type { Clock } from '../../ports/clock.ts';
import type { LogClaim, LogClaims } from '../../ports/log-claims.ts';
import type { Browse, LogRecord, MessageLog, Progress, SendMark, Subscription } from '../../ports/message-log.ts';
import type { RelayTarget, SentPiece, SentPlace, UnsentRow } from '../../ports/relayed.ts';
import { type Lane, laneName, type Position } from '../../ports/store.ts';
import { browseLane } from './browse-lane.ts';
import { EVENT_HEADERS, structuredEvent } from './event-format.ts';
import { GroupProgress } from './group-progress.ts';
import {
  type KafkaClient,
  type KafkaMessage,
  type KafkaPiece,
  type KafkaProducer,
  type KafkaReceipt,
  SEND_MAX_MS,
} from './kafka-client.ts';
import { kafkaError } from './kafka-errors.ts';
import { KafkaSubscription } from './kafka-subscription.ts';
import { missingPlaces } from './missing-places.ts';
import { assertOwn } from './ownership.ts';
import { prefixed } from './prefixed-client.ts';
import { MESSAGE_BYTES_MIN } from './topics.ts';

/** Of what is appended in one send: its batch of records has to fit into each topic that a start accepts. */
const APPEND_BYTES_MAX = MESSAGE_BYTES_MIN / 2;

export interface KafkaLogOptions {
  /** The log closes it. */
  readonly client: KafkaClient;
  /** The names of topics and groups at the cluster begin with it. */
  readonly prefix: string;
  /** How many each topic has. */
  readonly partitions: number;
  /** The only function that writes each topic; null for a public topic. */
  readonly topics: Readonly<Record<string, string | null>>;
  /** The functions that read topics, those of all processes. */
  readonly readers: readonly { readonly group: string; readonly topics: readonly string[] }[];
  readonly clock: Clock;
  /** Whether each group has one member at a time, which reads all lanes of its topics. */
  readonly hasOneMember?: boolean;
  /** A reader goes on although records that it has not read were pruned. */
  readonly skipsPruned?: boolean;
  /** A store has committed messages for this topic, which a relay may send now. */
  readonly onAnnounce?: (topic: string) => void;
}

/** Topics in Apache Kafka. Relays send what the outboxes hold; readers keep their own positions. */
export class KafkaLog implements MessageLog, RelayTarget, LogClaims {
  readonly features;
  readonly #options: KafkaLogOptions;
  readonly #client: KafkaClient;
  readonly #producer: KafkaProducer;
  readonly #progress: GroupProgress;
  readonly #subscriptions = new Set<KafkaSubscription>();
  /** Whose data each group reads for. */
  readonly #owners = new Map<string, string>();

  constructor(options: KafkaLogOptions) {
    this.#options = options;
    const { partitions } = options;
    this.features = { keepsPositions: false, isOutbox: false, severalInstances: true, partitions } as const;
    this.#client = prefixed(options.client, options.prefix);
    this.#producer = this.#client.producer();
    const progressHere = (group: string, lane: Lane) => this.#progressHere(group, lane);
    const { admin } = this.#client;
    this.#progress = new GroupProgress({ admin, clock: options.clock, partitions, groupId, progressHere });
  }

  async claim(claim: LogClaim): Promise<void> {
    const { prefix } = this.#options;
    await assertOwn(this.#client.admin, { prefix, groupId: groupId(claim.reader) }, claim);
    this.#owners.set(claim.reader, claim.owner);
  }

  async subscribe(options: {
    readonly group: string;
    readonly topics: readonly string[];
    readonly positions: () => Promise<readonly Position[]>;
    readonly hasRun?: boolean;
    readonly wake: () => void;
    readonly onWarning?: (sentence: string) => void;
  }): Promise<Subscription> {
    const { group, topics, positions, hasRun = false, wake, onWarning } = options;
    const { clock, skipsPruned = false, hasOneMember = false } = this.#options;
    const subscription = new KafkaSubscription({
      client: this.#client,
      clock,
      group: groupId(group),
      owner: this.#owners.get(group) ?? '',
      topics: new Map(topics.map((topic) => [topic, this.#writerOf(topic)])),
      lanes: hasOneMember ? topics.flatMap((topic) => lanesOf(topic, this.features.partitions)) : null,
      positions,
      mayMiss: (topic, known) => {
        const isNewTopic = !known.some((own) => own.topic === topic);
        return skipsPruned || (isNewTopic && (known.length > 0 || !hasRun));
      },
      wake,
      onWarning,
      onClose: () => this.#subscriptions.delete(subscription),
    });
    this.#subscriptions.add(subscription);
    return subscription;
  }

  async progress(topic: string): Promise<readonly Progress[]> {
    const readers = this.#options.readers.filter(({ topics }) => topics.includes(topic));
    return this.#progress.of(
      topic,
      readers.map(({ group }) => group),
    );
  }

  browse(topic: string, browse: Browse): Promise<readonly LogRecord[]> {
    const lane = { topic, partition: browse.partition };
    return browseLane(this.#client.admin, lane, { ...browse, writer: this.#writerOf(topic) });
  }

  announce(topic: string): void {
    this.#options.onAnnounce?.(topic);
  }

  async append(topic: string, messages: readonly OutsideMessage[]): Promise<void> {
    assert(this.#writerOf(topic) === null, `only its own function writes to ${topic}`);
    let pieces = new Pieces<null>(this.#options.partitions);
    let bytes = 0;
    for (const { data, ...attributes } of messages) {
      const key = attributes.partitionkey ?? attributes.subject ?? attributes.id;
      const event = structuredEvent(JSON.stringify(attributes), JSON.stringify(data), null);
      bytes += Buffer.byteLength(event);
      if (bytes > APPEND_BYTES_MAX) {
        await this.#send(pieces.list);
        pieces = new Pieces<null>(this.#options.partitions);
        bytes = Buffer.byteLength(event);
      }
      pieces.add(topic, key, event, null);
    }
    await this.#send(pieces.list);
  }

  /** @throws {AppError} `unavailable`; or `body_too_large` where the broker will refuse one of the messages every time */
  async send(rows: readonly UnsentRow[], { token }: SendMark): Promise<readonly SentPiece[]> {
    const pieces = new Pieces<number>(this.#options.partitions);
    for (const { topic, partitionKey, attributes, data, epoch, position } of rows) {
      pieces.add(topic, partitionKey, structuredEvent(attributes, data, { token, epoch, position }), position);
    }
    const offsets = await this.#send(pieces.list);
    return pieces.list.map(({ topic, partition, marks }) => {
      const firstOffset = offsets.get(laneName({ topic, partition })) ?? Number.NaN;
      return { topic, partition, firstOffset, positions: marks };
    });
  }

  readonly sendMaxMs = SEND_MAX_MS;

  missing(topic: string, places: readonly SentPlace[]): Promise<readonly SentPlace[]> {
    return missingPlaces(this.#client.admin, { topic, writer: this.#writerOf(topic) }, places);
  }

  /** 0: the broker removes what is older than the topic's retention. */
  async prune(): Promise<number> {
    return 0;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
    await this.#client.close();
  }

  /** The first offset of each piece, by its lane. Only what the answer names is believed to be there. */
  async #send(pieces: readonly KafkaPiece[]): Promise<ReadonlyMap<string, number>> {
    if (pieces.length === 0) return new Map();
    const receipts = await this.#producer.send(pieces).catch((error: unknown) => {
      throw kafkaError(error, `messages for ${topicsOf(pieces)} could not be sent`);
    });
    const offsets = new Map(receipts.filter(isStored).map((receipt) => [laneName(receipt), receipt.baseOffset]));
    const missing = pieces.filter((piece) => !offsets.has(laneName(piece)));
    if (missing.length === 0) return offsets;
    const detail = `the broker did not confirm messages for ${missing.map(laneName).join(', ')}`;
    throw new AppError('unavailable', detail, { retryAfterS: 1 });
  }

  #progressHere(group: string, lane: Lane) {
    for (const subscription of this.#subscriptions) {
      const progress = subscription.group === groupId(group) ? subscription.progressOf(lane) : null;
      if (progress !== null) return progress;
    }
    return null;
  }

  #writerOf(topic: string): string | null {
    const writer = this.#options.topics[topic];
    assert(writer !== undefined, `there is no topic ${topic}`);
    return writer;
  }
}

/** Messages in the order in which they were added, by the partition of their key. */
class Pieces<Mark> {
  readonly #partitions: number;
  readonly #pieces = new Map<string, Lane & { readonly messages: KafkaMessage[]; readonly marks: Mark[] }>();

  constructor(partitions: number) {
    this.#partitions = partitions;
  }

  get list() {
    return [...this.#pieces.values()];
  }

  add(topic: string, key: string, value: string, mark: Mark): void {
    const lane = { topic, partition: partitionOf(key, this.#partitions) };
    const piece = this.#pieces.get(laneName(lane)) ?? { ...lane, messages: [], marks: [] };
    piece.messages.push({ key, value, headers: EVENT_HEADERS });
    piece.marks.push(mark);
    this.#pieces.set(laneName(lane), piece);
  }
}

function groupId(group: string): string {
  return `saga-store.${group}`;
}

function isStored({ errorCode, baseOffset }: KafkaReceipt): boolean {
  return errorCode === 0 && Number.isSafeInteger(baseOffset) && baseOffset >= 0;
}

function topicsOf(pieces: readonly KafkaPiece[]): string {
  return [...new Set(pieces.map(({ topic }) => topic))].join(', ');
}

function lanesOf(topic: string, partitions: number): readonly Lane[] {
  return Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
}
