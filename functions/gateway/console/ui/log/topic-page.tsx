import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useLocation, useRoute } from 'preact-iso';
import type { TopicBody } from '../../../../../shared/runtime/inspect/representation.ts';
import { foreignText } from '../parts/foreign-text.ts';
import { Page } from '../parts/page.tsx';
import { PausedNote } from '../parts/paused-note.tsx';
import { Empty, ProblemNote, Skeleton } from '../parts/states.tsx';
import { Trail } from '../parts/trail.tsx';
import { useFocusBack } from '../parts/use-focus-back.ts';
import { figure } from '../parts/words.ts';
import { MessageList } from './message-list.tsx';
import { ReaderList, WriterLine } from './reader-list.tsx';
import { isFiltered, messagesPath, originOf, type Query, topicHref } from './selection.ts';
import { SingleMessage } from './single-message.tsx';
import { TopicFilter } from './topic-filter.tsx';
import { type Messages, useMessages } from './use-messages.ts';
import { useTopics } from './use-topics.ts';

/** How many of the newest messages are looked at for new ones. */
const NEWEST = 100;
/** Scrolled further than this, a person reads, and nothing may move. */
const READING_PX = 120;

/** The messages of one topic. */
export function TopicPage() {
  const topic = useRoute().params['topic'] ?? '';
  const { query } = useLocation();
  const topics = useTopics();
  const found = topics.data?.find(({ name }) => name === topic) ?? null;
  const partitions = Math.max(1, ...(found?.readers ?? []).map(({ partition }) => partition + 1));
  return (
    <Page
      title={foreignText(topic, { max: 128 })}
      trail={<Trail of={[['/console/log', 'Log']]} />}
      actions={<PausedNote />}
    >
      {found !== null && <TopicHead topic={found} />}
      <TopicFilter topic={topic} query={query} partitions={partitions} />
      <TopicMessages
        key={messagesPath(topic, query)}
        topic={topic}
        query={query}
        isPublic={found !== null && found.writer === null}
      />
    </Page>
  );
}

function TopicHead({ topic }: { readonly topic: TopicBody }) {
  return (
    <section class="card topic-head" aria-label="Readers">
      <WriterLine topic={topic} />
      <ReaderList topic={topic} />
    </section>
  );
}

function TopicMessages({
  topic,
  query,
  isPublic,
}: {
  readonly topic: string;
  readonly query: Query;
  readonly isPublic: boolean;
}) {
  const { route } = useLocation();
  const canFollow = originOf(query) === 'newest';
  const [isFollowing, setFollowing] = useState(true);
  const isReading = useIsReading() || query['m'] !== undefined;
  const followed = {
    path: messagesPath(topic, query, NEWEST),
    isAll: !isFiltered(query),
    isShown: !isReading,
  };
  const messages = useMessages(messagesPath(topic, query), canFollow && isFollowing ? followed : null);
  const { read, problem } = messages;
  const list = useRef<HTMLUListElement>(null);
  const select = (place: string | undefined) => route(topicHref(topic, { ...query, m: place }), true);
  const closeSingle = () => {
    list.current?.focus({ preventScroll: true });
    select(undefined);
  };
  const show = () => {
    messages.showNews();
    scrollTo({ top: 0 });
  };
  return (
    <>
      {problem !== null && <ProblemNote problem={problem} retry={messages.reload} />}
      {read === null && problem === null && <Skeleton />}
      {read !== null && (
        <>
          <div class="row log-bar">
            {canFollow && (
              <button type="button" aria-pressed={isFollowing} onClick={() => setFollowing(!isFollowing)}>
                {isFollowing ? '◉ Following' : '○ Follow'}
              </button>
            )}
            <p role="status" class="quiet">
              {isFollowing && canFollow && isReading && 'Paused while you read.'}
            </p>
            {messages.news.count > 0 && <News messages={messages} show={show} heir={list} />}
          </div>
          <SingleMessage topic={topic} place={query['m']} read={read.messages} close={closeSingle} />
          <MessageList topic={topic} messages={read.messages} selected={query['m']} select={select} list={list} />
          {read.messages.length === 0 && read.isWhole && <NoMessages topic={topic} query={query} isPublic={isPublic} />}
          <Rest messages={messages} />
        </>
      )}
    </>
  );
}

/** When it goes, `heir` gets its focus. */
function News({
  messages,
  show,
  heir,
}: {
  readonly messages: Messages;
  readonly show: () => void;
  readonly heir: RefObject<HTMLElement | null>;
}) {
  const { count, hasGap } = messages.news;
  const button = useFocusBack<HTMLButtonElement>(() => heir.current?.focus({ preventScroll: true }));
  return (
    <button type="button" ref={button} class="main log-news" onClick={show}>
      ↑ {figure(count)}
      {hasGap && count === messages.news.messages.length ? '+' : ''} new
    </button>
  );
}

/** How much was looked at, and the way on. */
function Rest({ messages: { read, isBusy, more, reload } }: { readonly messages: Messages }) {
  const words = useRef<HTMLParagraphElement>(null);
  if (read === null) return null;
  const scanned = `Scanned ${figure(read.scanned)}`;
  return (
    <div class="row log-rest">
      <p class="quiet" role="status" tabIndex={-1} ref={words}>
        {read.isWhole ? `${scanned}: this is all.` : `${scanned}.`}
      </p>
      {read.next !== null && <MoreButton more={more} isBusy={isBusy} heir={words} />}
      {read.next === null && !read.isWhole && (
        <button type="button" onClick={reload}>
          Begin anew
        </button>
      )}
    </div>
  );
}

/** When it goes, after the last page, `heir` gets its focus. */
function MoreButton({
  more,
  isBusy,
  heir,
}: {
  readonly more: () => void;
  readonly isBusy: boolean;
  readonly heir: RefObject<HTMLElement | null>;
}) {
  const button = useFocusBack<HTMLButtonElement>(() => heir.current?.focus({ preventScroll: true }));
  return (
    <button type="button" ref={button} onClick={more} aria-disabled={isBusy}>
      Load more
    </button>
  );
}

function NoMessages({
  topic,
  query,
  isPublic,
}: {
  readonly topic: string;
  readonly query: Query;
  readonly isPublic: boolean;
}) {
  if (isFiltered(query) || originOf(query) !== 'newest') {
    return (
      <Empty>
        <p class="grow">No message matches.</p>
        <a href={topicHref(topic, {})}>All messages</a>
      </Empty>
    );
  }
  const command = isPublic
    ? `npm run produce ${foreignText(topic)} e2e/tools/place-order.json`
    : 'npm run post-order-1';
  return (
    <Empty command={command}>
      <p class="grow">
        Nothing was written into this topic yet.{' '}
        {isPublic ? 'Commands of other systems fill it.' : 'An order fills it.'}
      </p>
      {!isPublic && <a href="/console">Try it on the overview</a>}
    </Empty>
  );
}

/** Whether the window is scrolled down, so that someone reads. */
function useIsReading(): boolean {
  const [isReading, setReading] = useState(false);
  useEffect(() => {
    const look = () => setReading(scrollY > READING_PX);
    look();
    addEventListener('scroll', look, { passive: true });
    return () => removeEventListener('scroll', look);
  }, []);
  return isReading;
}
