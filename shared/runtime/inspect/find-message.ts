import { browseTopic, firstPositionWhen } from './browse-topic.ts';
import type { Inspected } from './inspected.ts';
import { located } from './locate.ts';
import type { StoredMessage } from './message-body.ts';
import { type MessageSource, sourceOf } from './message-source.ts';
import type { LocatedBody } from './part-representation.ts';
import { ownTopicNamesOf } from './topics.ts';

/** Where to look for a message first; with one of these it is found however old it is. */
export interface MessageHints {
  readonly topic?: string | undefined;
  readonly position?: number | undefined;
  readonly key?: string | undefined;
}

/** An id before this time holds no time. */
const FIRST_MS = Date.parse('2020-01-01T00:00:00.000Z');
const DAY_MS = 86_400_000;

/**
 * The message with this id in a topic that this function tells about, or null. There is no index of ids: the place is taken from a
 * hint, else from the time in the id, which is that of the message's cause; else the newest messages are looked at.
 */
export async function findMessage(inspected: Inspected, id: string, hints: MessageHints): Promise<LocatedBody | null> {
  const names = ownTopicNamesOf(inspected).filter((topic) => hints.topic === undefined || hints.topic === topic);
  for (const topic of names) {
    const message = await findIn(inspected, topic, id, hints);
    if (message !== null) return (await located(inspected, topic, [message]))[0] ?? null;
  }
  return null;
}

async function findIn(
  inspected: Inspected,
  topic: string,
  id: string,
  { position, key }: MessageHints,
): Promise<StoredMessage | null> {
  const isIt = ({ attributes }: StoredMessage) => attributes['id'] === id;
  const source = sourceOf(inspected, topic, {});
  if (position !== undefined) {
    for (const sequence of source.sequences) {
      const [message] = await source.read(sequence, position, false, 1);
      if (message !== undefined && isIt(message)) return message;
    }
  }
  if (key !== undefined && topic === inspected.fn.publishes) {
    const found = await scan(sourceOf(inspected, topic, { key }), null, isIt);
    if (found !== null) return found;
  }
  const timeMs = timeIn(id, inspected.clock.nowMs());
  const byTime = timeMs === null ? null : await scan(source, new Date(timeMs).toISOString(), isIt);
  return byTime ?? (await scan(source, null, isIt));
}

/** From the first message of that time on; from the newest one back where it is null. */
async function scan(
  source: MessageSource,
  since: string | null,
  matches: (message: StoredMessage) => boolean,
): Promise<StoredMessage | null> {
  const places = new Map<number, number>();
  for (const sequence of since === null ? [] : source.sequences) {
    places.set(sequence, await firstPositionWhen(source, sequence, (time) => time >= (since ?? '')));
  }
  const { messages } = await browseTopic(source, { places, isBackwards: since === null, limit: 1, matches });
  return messages[0] ?? null;
}

/** The time of its cause in an id that was derived from it; null in any other. */
function timeIn(id: string, nowMs: number): number | null {
  const [, front, back] = /^([0-9a-f]{8})-([0-9a-f]{4})-8[0-9a-f]{3}-[89ab]/.exec(id) ?? [];
  if (front === undefined || back === undefined) return null;
  const timeMs = Number.parseInt(front + back, 16);
  return timeMs >= FIRST_MS && timeMs <= nowMs + DAY_MS ? timeMs : null;
}
