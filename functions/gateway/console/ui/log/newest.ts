import type { MessageBody } from '../../../../../shared/runtime/inspect/representation.ts';
import { placeOf } from './selection.ts';

/** What is new in a topic since the messages that are shown. */
export interface News {
  /** The newest first. */
  readonly messages: readonly MessageBody[];
  readonly count: number;
  /** Whether there may be others between these and the ones that are shown. */
  readonly hasGap: boolean;
}

export const noNews: News = { messages: [], count: 0, hasGap: false };

/**
 * What of `page`, the newest messages, is not in `shown`. Where a page holds only new ones others may lie between; without a filter
 * and with one partition their number is known by the positions.
 */
export function newsIn(
  page: readonly MessageBody[],
  shown: readonly MessageBody[],
  isWhole: boolean,
  isAll: boolean,
): News {
  const known = new Set(shown.map(placeOf));
  const firstKnown = page.findIndex((message) => known.has(placeOf(message)));
  const ends = new Map<number, number>();
  for (const { partition, position } of shown) ends.set(partition, Math.max(position, ends.get(partition) ?? 0));
  // A page is longer than what may be shown, so it also holds what is older. Of a partition without an end, what comes first is new.
  const isNew = ({ partition, position }: MessageBody, n: number) =>
    position > (ends.get(partition) ?? (firstKnown < 0 || n < firstKnown ? -1 : Infinity));
  const messages = page.filter(isNew);
  const hasGap = messages.length === page.length && page.length > 0 && shown.length > 0 && !isWhole;
  const [first] = page;
  const [last] = shown;
  const isOneLane =
    first !== undefined &&
    last !== undefined &&
    [...page, ...shown].every((each) => each.partition === first.partition);
  const count = hasGap && isAll && isOneLane ? first.position - last.position : messages.length;
  return { messages, count, hasGap };
}
