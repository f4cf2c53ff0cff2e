/** How the store is, as a sentence. */
import { counted } from '../parts/words.ts';
import type { Saga } from './saga-graph.ts';

export interface FunctionNow {
  readonly name: string;
  readonly state: 'up' | 'unready' | 'away';
  readonly detail: string | null;
  readonly unread: number;
  readonly parked: number;
  readonly deadLetters: number;
  /** How many sagas have ended since it went away. */
  readonly endedSince: number;
}

/** `of`: the function that it is about. */
export interface Headline {
  readonly text: string;
  readonly tone: 'good' | 'wait' | 'bad';
  readonly of: string | null;
}

/** Fewer unread messages are on their way, and do not wait. */
const BACKLOG_MIN = 50;

export function headlineOf(saga: Saga, functions: readonly FunctionNow[]): Headline {
  const away = functions.filter(({ state }) => state !== 'up');
  const [first] = away.toSorted((a, b) => rank(saga, a) - rank(saga, b));
  if (first !== undefined) {
    const others = away.filter((each) => each !== first).map(({ name }) => name);
    const too = others.length === 0 ? '' : ` ${others.join(' and ')} ${others.length === 1 ? 'is' : 'are'} away too.`;
    return { text: awayText(saga, first) + too, tone: isOwner(saga, first.name) ? 'bad' : 'wait', of: first.name };
  }
  const [slowest] = functions.toSorted((a, b) => b.unread - a.unread);
  if (slowest !== undefined && slowest.unread >= BACKLOG_MIN) {
    return {
      text: `${slowest.name} reads what has waited: ${counted(slowest.unread, 'message')} to go.`,
      tone: 'wait',
      of: slowest.name,
    };
  }
  const dead = functions.reduce((sum, { deadLetters }) => sum + deadLetters, 0);
  if (dead > 0) {
    const text = `${counted(dead, 'dead letter')} ${dead === 1 ? 'waits' : 'wait'} for a decision.`;
    return { text, tone: 'bad', of: functions.find(({ deadLetters }) => deadLetters > 0)?.name ?? null };
  }
  const parked = functions.find((each) => each.parked > 0);
  if (parked !== undefined) {
    const text = `${counted(parked.parked, 'message')} ${parked.parked === 1 ? 'waits' : 'wait'} at ${parked.name} for the next attempt.`;
    return { text, tone: 'wait', of: parked.name };
  }
  return { text: 'All functions are up, and nothing waits.', tone: 'good', of: null };
}

function awayText(saga: Saga, { name, state, detail, unread, endedSince }: FunctionNow): string {
  if (state === 'unready' && unread === 0) {
    return `${name} is not ready${detail === null ? '' : `: ${detail}`}. Nothing is lost.`;
  }
  if (isOwner(saga, name)) return `${name} is away. New orders are refused until it is back; nothing is lost.`;
  // While the function is away, each saga that ends has told it so by one more message, and waits no longer.
  const waiting = isInTheWay(saga, name) ? Math.max(unread - 2 * endedSince, 0) : 0;
  const [count, one] = waiting > 0 ? [waiting, 'order'] : [unread, 'message'];
  if (count === 0) return `${name} is away. Nothing waits for it yet.`;
  return `${counted(count, one)} ${count === 1 ? 'waits' : 'wait'} for ${name}. Nothing is lost.`;
}

/** The function that decides the statuses: without it there are no new sagas. */
function isOwner({ steps, transitions }: Saga, name: string): boolean {
  return steps.some(({ by, emits }) => by === name && emits.some((type) => transitions.some((t) => t.event === type)));
}

/** Whether sagas cannot end without what the function emits. */
function isInTheWay({ steps }: Saga, name: string): boolean {
  return steps.some(({ by, emits }) => by === name && emits.some((type) => steps.some(({ on }) => on === type)));
}

function rank(saga: Saga, { name }: FunctionNow): number {
  if (isInTheWay(saga, name) && !isOwner(saga, name)) return 1;
  return isOwner(saga, name) ? 0 : 2;
}
