import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type Problem, problemOf } from '../api/problem.ts';
import { getJson } from '../api/request.ts';

/** The first pages of a list. */
export interface Pages<Row> {
  /** Null before the first answer. */
  readonly rows: readonly Row[] | null;
  readonly isWhole: boolean;
  readonly problem: Problem | null;
  /** Reads one page more, now and from now on. */
  readMore(): void;
  reload(): void;
}

interface Read<Row> {
  readonly of: string;
  readonly rows: readonly Row[] | null;
  readonly isWhole: boolean;
  readonly problem: Problem | null;
}

/** Reads the list at `path`, whose rows are in `field`, page after page as the links of its pages lead; again each `everyMs`. */
export function usePages<Row>(path: string, field: string, everyMs: number): Pages<Row> {
  const empty = { of: path, rows: null, isWhole: false, problem: null };
  const [state, setState] = useState<Read<Row>>(empty);
  const pages = useRef(1);
  const running = useRef<AbortController | null>(null);

  const reload = useCallback(() => {
    running.current?.abort();
    const abort = new AbortController();
    running.current = abort;
    readPages<Row>(path, field, pages.current, abort.signal)
      .then(
        (read) => setState({ of: path, problem: null, ...read }),
        (error: unknown) => {
          if (abort.signal.aborted) return;
          setState((last) => ({ ...(last.of === path ? last : empty), problem: problemOf(error) }));
        },
      )
      .finally(() => {
        if (running.current === abort) running.current = null;
      });
  }, [path, field]);
  useEffect(() => {
    pages.current = 1;
    reload();
    const timer = setInterval(() => running.current ?? reload(), everyMs);
    return () => {
      clearInterval(timer);
      running.current?.abort();
    };
  }, [reload, everyMs]);

  const readMore = () => {
    pages.current += 1;
    reload();
  };
  return { ...(state.of === path ? state : empty), readMore, reload };
}

async function readPages<Row>(path: string, field: string, count: number, signal: AbortSignal) {
  const rows: Row[] = [];
  let href: string | null = path;
  for (let page = 0; page < count && href !== null; page++) {
    const body: Readonly<Record<string, unknown>> = await getJson(href, signal);
    rows.push(...(body[field] as readonly Row[]));
    href = (body['_links'] as Readonly<Record<string, { readonly href: string }>>)['next']?.href ?? null;
  }
  return { rows, isWhole: href === null };
}
