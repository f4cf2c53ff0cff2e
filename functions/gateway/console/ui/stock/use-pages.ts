import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { OneAtATime } from '../api/one-at-a-time.ts';
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
  const turns = useRef<OneAtATime | null>(null);

  useEffect(() => {
    pages.current = 1;
    const reading = new OneAtATime(async (stopped) => {
      const read = await readPages<Row>(path, field, pages.current, stopped).then(
        (found) => () => ({ of: path, problem: null, ...found }),
        (error: unknown) => (last: Read<Row>) => ({ ...(last.of === path ? last : empty), problem: problemOf(error) }),
      );
      if (!stopped.aborted) setState(read);
    });
    turns.current = reading;
    reading.run();
    const timer = setInterval(() => reading.runIfIdle(), everyMs);
    return () => {
      turns.current = null;
      reading.stop();
      clearInterval(timer);
    };
  }, [path, field, everyMs]);

  const reload = useCallback(() => turns.current?.run(), []);
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
