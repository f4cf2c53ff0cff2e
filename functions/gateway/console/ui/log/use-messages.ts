import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { MessageBody, MessagesBody } from '../../../../../shared/runtime/inspect/representation.ts';
import { OneAtATime } from '../api/one-at-a-time.ts';
import { type Problem, problemOf } from '../api/problem.ts';
import { getJson } from '../api/request.ts';
import { type News, newsIn, noNews } from './newest.ts';
import { type Read, readOf, withNews, withNext } from './read.ts';

/** How often a list that follows its topic looks for new messages. */
const FOLLOW_MS = 1_000;

export interface Messages {
  /** Null before the first answer. */
  readonly read: Read | null;
  readonly problem: Problem | null;
  readonly isBusy: boolean;
  readonly news: News;
  more(): void;
  /** Shows the news that wait. */
  showNews(): void;
  reload(): void;
}

/** What a list follows: the newest messages, and whether that is all of the topic. Null: it does not. */
export interface Followed {
  readonly path: string;
  readonly isAll: boolean;
  /** Whether news are shown as they come; otherwise they wait. */
  readonly isShown: boolean;
}

/** The messages at `path`, page by page, with what is new at `followed`. */
export function useMessages(path: string, followed: Followed | null): Messages {
  const [read, setRead] = useState<Read | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [news, setNews] = useState(noNews);
  const newest = useRef<readonly MessageBody[]>([]);
  newest.current = read?.messages ?? [];

  const get = useCallback(async (from: string, take: (page: Read) => void, abort?: AbortSignal) => {
    setBusy(true);
    try {
      const page = readOf(await getJson<MessagesBody>(from, abort));
      take(page);
      setProblem(null);
    } catch (error) {
      if (abort?.aborted !== true) setProblem(problemOf(error));
    }
    setBusy(false);
  }, []);

  const reload = useCallback(() => {
    const abort = new AbortController();
    setNews(noNews);
    void get(path, setRead, abort.signal);
    return abort;
  }, [path]);

  useEffect(() => {
    setRead(null);
    const abort = reload();
    return () => abort.abort();
  }, [reload]);

  useNews(read === null ? null : followed, newest, (found) => {
    if (followed?.isShown === true) setRead((last) => (last === null ? last : withNews(last, found)));
    else setNews(found);
  });

  const more = () => {
    const next = read?.next ?? null;
    if (isBusy || next === null) return;
    void get(next, (page) => setRead((last) => (last === null ? last : withNext(last, next, page))));
  };
  const showNews = () => {
    setRead((last) => (last === null ? last : withNews(last, news)));
    setNews(noNews);
  };
  return { read, problem, isBusy, news, more, showNews, reload: () => void reload() };
}

/** Looks for new messages while `followed` is set, and again when it is set anew. */
function useNews(
  followed: Followed | null,
  shown: { readonly current: readonly MessageBody[] },
  found: (news: News) => void,
): void {
  const take = useRef(found);
  take.current = found;
  const { path = null, isAll = false, isShown = false } = followed ?? {};
  useEffect(() => {
    if (path === null) return;
    const looking = new OneAtATime(async (stopped) => {
      if (document.hidden) return;
      const page = await getJson<MessagesBody>(path, stopped).catch(() => null);
      if (page === null || stopped.aborted) return;
      const news = newsIn(page.messages, shown.current, page.isWhole, isAll);
      if (news.count > 0) take.current(news);
    });
    looking.run();
    const timer = setInterval(() => looking.runIfIdle(), FOLLOW_MS);
    return () => {
      looking.stop();
      clearInterval(timer);
    };
  }, [path, isAll, isShown]);
}
