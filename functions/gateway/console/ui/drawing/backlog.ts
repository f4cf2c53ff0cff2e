/** What has gathered before each function, for a bar that fills and drains. */
import type { TickBody } from '../../../../../shared/runtime/inspect/stream-representation.ts';
import { endedIn, unreadOf } from './flow.ts';

/** `most`: the most unread messages since there were none. `endedAtAway`: how many sagas had ended when it went away; null while it is up. */
export interface Backlog {
  readonly unread: number;
  readonly most: number;
  readonly endedAtAway: number | null;
}

export type Backlogs = ReadonlyMap<string, Backlog>;

export function withTick(
  backlogs: Backlogs,
  tick: TickBody,
  functions: readonly { readonly name: string; readonly isAway: boolean }[],
): Backlogs {
  const ended = endedIn(tick);
  return new Map(
    functions.map(({ name, isAway }): [string, Backlog] => {
      const before = backlogs.get(name);
      const unread = unreadOf(tick, name);
      const most = unread === 0 ? 0 : Math.max(before?.most ?? 0, unread);
      return [name, { unread, most, endedAtAway: isAway ? (before?.endedAtAway ?? ended) : null }];
    }),
  );
}

/** How many sagas ended since the function went away; 0 while it is up. */
export function endedSince({ endedAtAway }: Backlog, tick: TickBody): number {
  return endedAtAway === null ? 0 : Math.max(endedIn(tick) - endedAtAway, 0);
}
