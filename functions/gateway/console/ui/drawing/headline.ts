/** How the store is, as a sentence. */
import { counted, listed } from '../parts/words.ts';
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

/**
 * `news`: the same in short and without figures, so that it stays while only they change. `isAboutDeadLetters`: the sentence asks
 * for a decision about them, and nothing else is wrong.
 */
export interface Headline {
  readonly text: string;
  readonly news: string;
  readonly tone: 'good' | 'wait' | 'bad';
  readonly isAboutDeadLetters: boolean;
}

type Sentence = Pick<Headline, 'text' | 'news'>;

/** `namesState`: whether it says that the function is away or not ready, and not only what waits for it. */
interface AwaySentence extends Sentence {
  readonly namesState: boolean;
}

/** Fewer unread messages are on their way, and do not wait. */
const BACKLOG_MIN = 50;

export function headlineOf(saga: Saga, functions: readonly FunctionNow[]): Headline {
  const isAboutDeadLetters = false;
  const away = functions.filter(({ state }) => state !== 'up');
  const [first] = away.toSorted((a, b) => rank(saga, a) - rank(saga, b));
  if (first !== undefined) {
    const { text, news, namesState } = awaySentence(saga, first);
    const named = namesState ? first.state : null;
    const others = away.filter((each) => each !== first);
    const rest = (['away', 'unready'] as const).map((state) => othersText(others, state, named)).join('');
    const tone = isOwner(saga, first.name) ? 'bad' : 'wait';
    return { text: text + rest, news: news + rest, tone, isAboutDeadLetters };
  }
  const [slowest] = functions.toSorted((a, b) => b.unread - a.unread);
  if (slowest !== undefined && slowest.unread >= BACKLOG_MIN) {
    const news = `${slowest.name} reads what has waited`;
    const text = `${news}: ${counted(slowest.unread, 'message')} to go.`;
    return { text, news: `${news}.`, tone: 'wait', isAboutDeadLetters };
  }
  const dead = functions.reduce((sum, { deadLetters }) => sum + deadLetters, 0);
  if (dead > 0) return { ...waits(dead, 'dead letter', 'for a decision.'), tone: 'bad', isAboutDeadLetters: true };
  const parked = functions.find((each) => each.parked > 0);
  if (parked !== undefined) {
    const sentence = waits(parked.parked, 'message', `at ${parked.name} for the next attempt.`);
    return { ...sentence, tone: 'wait', isAboutDeadLetters };
  }
  const text = 'All functions are up and keep pace.';
  return { text, news: 'The store keeps pace.', tone: 'good', isAboutDeadLetters };
}

function awaySentence(saga: Saga, { name, state, detail, unread, endedSince }: FunctionNow): AwaySentence {
  if (state === 'unready' && (unread === 0 || isOwner(saga, name))) {
    const news = `${name} is not ready`;
    const text = `${news}${detail === null ? '' : `: ${detail}`}. Nothing is lost.`;
    return { text, news: `${news}.`, namesState: true };
  }
  if (isOwner(saga, name)) {
    const text = `${name} is away. New orders are refused until it is back; nothing is lost.`;
    return { text, news: `${name} is away, and new orders are refused.`, namesState: true };
  }
  // While the function is away, each saga that ends has told it so by one more message, and waits no longer.
  const waiting = isInTheWay(saga, name) ? Math.max(unread - 2 * endedSince, 0) : 0;
  const [count, noun] = waiting > 0 ? [waiting, 'order'] : [unread, 'message'];
  if (count === 0) {
    return { text: `${name} is away. Nothing waits for it yet.`, news: `${name} is away.`, namesState: true };
  }
  const { text, news } = waits(count, noun, `for ${name}.`);
  return { text: `${text} Nothing is lost.`, news, namesState: false };
}

/** Which of the other functions are in `state`; empty where none is. `named`: the state that the sentence before it names. */
function othersText(
  others: readonly FunctionNow[],
  state: FunctionNow['state'],
  named: FunctionNow['state'] | null,
): string {
  const names = others.filter((each) => each.state === state).map(({ name }) => name);
  if (names.length === 0) return '';
  const how = state === 'away' ? 'away' : 'not ready';
  return ` ${listed(names)} ${names.length === 1 ? 'is' : 'are'} ${how}${named === state ? ' too' : ''}.`;
}

function waits(count: number, noun: string, rest: string): Sentence {
  return {
    text: `${counted(count, noun)} ${count === 1 ? 'waits' : 'wait'} ${rest}`,
    news: `${noun.charAt(0).toUpperCase()}${noun.slice(1)}s wait ${rest}`,
  };
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
