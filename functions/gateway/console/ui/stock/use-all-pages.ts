import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type Problem, problemOf } from '../api/problem.ts';
import { getJson } from '../api/request.ts';

/** Rows that are read at most; a page may ask for more. */
const ROWS_MAX = 2_000;
const PAGE = 200;

/** Rows of a list that only grows at its end. */
export interface AllPages<Row> {
  /** The oldest first; null before the first answer. */
  readonly rows: readonly Row[] | null;
  readonly problem: Problem | null;
  /** Where it goes on, where there is more than was read. */
  readonly next: string | null;
  readMore(): void;
  reload(): void;
}

interface Read<Row> {
  readonly rows: readonly Row[];
  /** Of the pages before the last one that was read. */
  readonly before: number;
  readonly last: string;
  readonly next: string | null;
}

/** Reads a list page by page from `path`; what is there already is kept, and only its last page is read again each `everyMs`. */
export function useAllPages<Row>(path: string, field: string, everyMs: number): AllPages<Row> {
  const first = `${path}?limit=${PAGE}`;
  const [state, setState] = useState<{
    readonly of: string;
    readonly read: Read<Row> | null;
    readonly problem: Problem | null;
  }>({
    of: path,
    read: null,
    problem: null,
  });
  const newest = useRef<Read<Row> | null>(null);
  const running = useRef<AbortController | null>(null);

  const go = useCallback(
    (max: number) => {
      running.current?.abort();
      const abort = new AbortController();
      running.current = abort;
      const begin = newest.current ?? { rows: [], before: 0, last: first, next: null };
      readPages<Row>(begin, field, Math.max(max, begin.rows.length), abort.signal)
        .then(
          (read) => {
            newest.current = read;
            setState({ of: path, read, problem: null });
          },
          (error: unknown) => {
            if (!abort.signal.aborted) setState({ of: path, read: newest.current, problem: problemOf(error) });
          },
        )
        .finally(() => {
          if (running.current === abort) running.current = null;
        });
    },
    [path, field],
  );
  useEffect(() => {
    newest.current = null;
    go(ROWS_MAX);
    const timer = setInterval(() => running.current ?? go(ROWS_MAX), everyMs);
    return () => {
      clearInterval(timer);
      running.current?.abort();
    };
  }, [go, everyMs]);

  const { read, problem } = state.of === path ? state : { read: null, problem: null };
  const readMore = () => go((read?.rows.length ?? 0) + ROWS_MAX);
  return { rows: read?.rows ?? null, problem, next: read?.next ?? null, readMore, reload: () => go(ROWS_MAX) };
}

/** From the last page of `begin` on, until there are `max` rows. */
async function readPages<Row>(begin: Read<Row>, field: string, max: number, signal: AbortSignal): Promise<Read<Row>> {
  const rows = begin.rows.slice(0, begin.before);
  let { before, last } = begin;
  for (;;) {
    const page = await getJson<Record<string, unknown>>(last, signal);
    rows.push(...(page[field] as readonly Row[]));
    const next = (page['_links'] as Record<string, { href: string }>)['next']?.href ?? null;
    if (next === null || rows.length >= max) return { rows, before, last, next };
    before = rows.length;
    last = next;
  }
}
