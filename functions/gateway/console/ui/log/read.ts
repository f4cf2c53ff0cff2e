import type { MessageBody, MessagesBody } from '../../../../../shared/runtime/inspect/representation.ts';
import type { News } from './newest.ts';

/** A list that follows keeps the newest of these. */
const KEPT_MAX = 500;

/** The messages of a list as far as they are read. It never shows two side by side that are not. */
export interface Read {
  readonly messages: readonly MessageBody[];
  /** How many were looked at for them. */
  readonly scanned: number;
  readonly isWhole: boolean;
  /** Where it goes on; null where it does not. */
  readonly next: string | null;
}

export function readOf({ messages, scanned, isWhole, _links }: MessagesBody): Read {
  return { messages, scanned, isWhole, next: _links['next']?.href ?? null };
}

/** The list with the page of `href` behind it; without it where the list no longer goes on there. */
export function withNext(last: Read, href: string, page: Read): Read {
  if (last.next !== href) return last;
  return { ...page, messages: [...last.messages, ...page.messages], scanned: last.scanned + page.scanned };
}

/** The list with its news in front. With a gap it begins anew. */
export function withNews(last: Read, { messages, hasGap }: News): Read {
  if (hasGap) return { messages, scanned: messages.length, isWhole: false, next: null };
  const all = [...messages, ...last.messages];
  const scanned = last.scanned + messages.length;
  if (all.length <= KEPT_MAX) return { ...last, messages: all, scanned };
  return { messages: all.slice(0, KEPT_MAX), scanned, isWhole: false, next: null };
}
