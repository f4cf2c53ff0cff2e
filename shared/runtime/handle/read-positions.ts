import type { LogRecord } from '../../ports/message-log.ts';
import type { Position } from '../../ports/store.ts';

type Place = Pick<LogRecord, 'topic' | 'partition' | 'position' | 'epoch' | 'proof'>;

/** How far a batch has read: one position per epoch of a topic's writer, for the store remembers how far earlier epochs were read. */
export class ReadPositions {
  readonly #places = new Map<string, Place>();
  /** Records of one epoch come together, so that most need no name. */
  #last: Place | null = null;

  add(place: Place): void {
    const last = this.#last;
    if (last !== null && !isSameEpoch(last, place)) this.#places.set(epochName(last), last);
    this.#last = place;
  }

  list(): readonly Position[] {
    if (this.#last !== null) this.#places.set(epochName(this.#last), this.#last);
    return [...this.#places.values()].map(({ topic, partition, position, epoch, proof }) => ({
      topic,
      partition,
      position,
      ...(epoch === undefined ? {} : { epoch }),
      ...(proof === undefined ? {} : { proof }),
    }));
  }
}

function isSameEpoch(one: Place, other: Place): boolean {
  return one.epoch === other.epoch && one.partition === other.partition && one.topic === other.topic;
}

function epochName({ topic, partition, epoch }: Place): string {
  return `${topic} ${partition} ${epoch}`;
}
