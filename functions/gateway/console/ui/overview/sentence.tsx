import { useEffect, useState } from 'preact/hooks';
import { endedSince } from '../drawing/backlog.ts';
import { type FunctionNow, type Headline, headlineOf } from '../drawing/headline.ts';
import type { Saga } from '../drawing/saga-graph.ts';
import { useLive } from '../live/use-live.ts';
import { overview } from './use-overview.ts';

/** Under load the sentence changes often: it is read out only when it has stayed the same for this long. */
const SETTLED_MS = 2_000;

/** How the store is, in a sentence; how it was when it was last heard of, while the stream is lost. */
export function Sentence({ saga }: { readonly saga: Saga }) {
  const { functions, pausedSinceMs } = useLive();
  const now = overview.figures.value;
  const backlogs = overview.backlogs.value;
  if (now === null) return <p class="headline quiet">Listening to the store …</p>;
  const all = saga.functions.map((name): FunctionNow => {
    const state = functions.value.get(name);
    const backlog = backlogs.get(name);
    const counts = now.functions.find((each) => each.name === name);
    return {
      name,
      state: state?.state ?? 'up',
      detail: state?.detail ?? null,
      unread: backlog?.unread ?? 0,
      parked: counts?.parked ?? 0,
      deadLetters: counts?.deadLetters ?? 0,
      endedSince: backlog === undefined ? 0 : endedSince(backlog, now),
    };
  });
  const { text, news, tone, isAboutDeadLetters } = headlineOf(saga, all);
  const isOld = pausedSinceMs.value !== null;
  return (
    <>
      <p class={isOld ? 'headline quiet' : 'headline'}>
        <span class={isOld ? undefined : `is-${tone}`} aria-hidden="true">
          {isOld ? '‖' : glyphs[tone]}
        </span>{' '}
        {isOld && 'Last known: '}
        {text} {isAboutDeadLetters && <a href="/console/dead-letters">Dead letters</a>}
      </p>
      <News text={news} />
    </>
  );
}

const glyphs: Readonly<Record<Headline['tone'], string>> = { good: '✓', wait: '◐', bad: '✕' };

/** What is read out to those who do not see the sentence, where every figure of it would be too much. */
function News({ text }: { readonly text: string }) {
  const [said, setSaid] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSaid(text), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <p class="visually-hidden" role="status">
      {said}
    </p>
  );
}
