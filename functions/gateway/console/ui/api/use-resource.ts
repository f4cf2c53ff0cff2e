import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type Problem, problemOf } from './problem.ts';
import { getJson } from './request.ts';
import { signIns } from './session.ts';

/** What a page reads from a path. The last answer stays while it is read again, and when that fails. */
export interface Resource<Body> {
  readonly data: Body | null;
  /** Why the last reading failed; null when it did not. */
  readonly problem: Problem | null;
  /** When the answer came, in milliseconds since 1970; null before the first. */
  readonly readAtMs: number | null;
  reload(): void;
}

/** Reads `path` when it changes, after a sign-in, and each `everyMs`; null reads nothing. */
export function useResource<Body>(path: string | null, everyMs: number | null = null): Resource<Body> {
  const [state, setState] = useState<Omit<Resource<Body>, 'reload'> & { readonly path: string | null }>(none);
  const running = useRef<AbortController | null>(null);
  const signedInTimes = signIns.value;

  const reload = useCallback(() => {
    running.current?.abort();
    if (path === null) return;
    const abort = new AbortController();
    running.current = abort;
    getJson<Body>(path, abort.signal)
      .then(
        (data) => setState({ path, data, problem: null, readAtMs: Date.now() }),
        (error: unknown) => {
          if (abort.signal.aborted) return;
          setState((last) => ({ ...(last.path === path ? last : none), path, problem: problemOf(error) }));
        },
      )
      .finally(() => {
        if (running.current === abort) running.current = null;
      });
  }, [path]);

  useEffect(() => {
    reload();
    // An answer that takes longer than the interval is waited for, and not asked for anew.
    const again = () => running.current ?? reload();
    const timer = everyMs === null ? null : setInterval(again, everyMs);
    return () => {
      running.current?.abort();
      if (timer !== null) clearInterval(timer);
    };
  }, [reload, everyMs, signedInTimes]);

  const shown = state.path === path ? state : none;
  return { data: shown.data, problem: shown.problem, readAtMs: shown.readAtMs, reload };
}

const none = { path: null, data: null, problem: null, readAtMs: null } as const;
