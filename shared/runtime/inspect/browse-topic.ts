import { setImmediate as breathe } from 'node:timers/promises';
import { writtenAt } from '../../core/receipt.ts';
import type { StoredMessage } from './message-body.ts';
import type { MessageSource } from './message-source.ts';

/** The most messages that are looked at for one page. */
const SCAN_MAX = 10_000;
/** Messages that are read at once; between two reads other work of the process goes on. */
const READ_MAX = 200;
/** A page ends when its messages have so many characters. */
const PAGE_MAX = 8 * 1024 * 1024;

/** Where each sequence goes on; null: at its end, from which the order begins. */
export type Places = ReadonlyMap<number, number | null>;

export interface TopicPage {
  readonly messages: readonly StoredMessage[];
  readonly scanned: number;
  /** Where the next page begins; null where every sequence is at its end. */
  readonly next: Places | null;
}

interface Lane {
  readonly sequence: number;
  next: number | null;
  waiting: readonly StoredMessage[];
  isOver: boolean;
}

/**
 * A page of the messages that `matches`. Sequences are merged by the time at which their messages were written; each of them stays
 * in its own order.
 */
export async function browseTopic(
  source: MessageSource,
  options: {
    readonly places: Places;
    readonly isBackwards: boolean;
    readonly limit: number;
    readonly matches: (message: StoredMessage) => boolean;
  },
): Promise<TopicPage> {
  const { places, isBackwards, limit, matches } = options;
  const lanes = source.sequences.map((sequence): Lane => {
    return { sequence, next: places.get(sequence) ?? null, waiting: [], isOver: false };
  });
  const messages: StoredMessage[] = [];
  let [scanned, size] = [0, 0];
  const isFull = () => messages.length >= limit || scanned >= SCAN_MAX || size >= PAGE_MAX;
  for (;;) {
    for (const lane of lanes) await fill(source, lane, isBackwards, isFull() ? 1 : READ_MAX);
    const lane = nextOf(lanes, isBackwards);
    if (lane === null) return { messages, scanned, next: null };
    if (isFull()) return { messages, scanned, next: new Map(lanes.map((each) => [each.sequence, each.next])) };
    const [message, ...others] = lane.waiting as readonly [StoredMessage, ...StoredMessage[]];
    lane.waiting = others;
    lane.next = message.position + (isBackwards ? -1 : 1);
    scanned += 1;
    if (!matches(message)) continue;
    messages.push(message);
    size += message.value.length;
  }
}

async function fill(source: MessageSource, lane: Lane, isBackwards: boolean, max: number): Promise<void> {
  if (lane.isOver || lane.waiting.length > 0) return;
  await breathe();
  lane.waiting = lane.next === 0 && isBackwards ? [] : await source.read(lane.sequence, lane.next, isBackwards, max);
  lane.isOver = lane.waiting.length === 0;
}

/** The sequence whose next message comes first; null where all are over. */
function nextOf(lanes: readonly Lane[], isBackwards: boolean): Lane | null {
  const open = lanes.filter(({ waiting }) => waiting.length > 0);
  if (open.length < 2) return open[0] ?? null;
  const timeOf = ({ waiting: [first] }: Lane) => (first === undefined ? '' : (writtenAt(first.attributes) ?? ''));
  return open.reduce((best, lane) => {
    const isEarlier = timeOf(lane) < timeOf(best);
    return isEarlier !== isBackwards && timeOf(lane) !== timeOf(best) ? lane : best;
  });
}

/**
 * The position of the first message of a sequence that was written when `isThen` says so, by halving: times rise with positions,
 * unless a clock was set back. The position behind the last one where there is none.
 */
export async function firstPositionWhen(
  source: MessageSource,
  sequence: number,
  isThen: (time: string) => boolean,
): Promise<number> {
  const [first] = await source.read(sequence, null, false, 1);
  const [last] = await source.read(sequence, null, true, 1);
  if (first === undefined || last === undefined) return 1;
  let [low, high] = [first.position, last.position + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [found] = await source.read(sequence, middle, false, 1);
    if (found === undefined || isThen(writtenAt(found.attributes) ?? '')) high = middle;
    else low = found.position + 1;
  }
  return low;
}
