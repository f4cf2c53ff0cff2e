import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { OneAtATime } from './one-at-a-time.ts';
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
  /** Reads it again. @returns when what was read after this call is there */
  reload(): Promise<void>;
}

/** Reads `path` when it changes, after a sign-in, and each `everyMs`; null reads nothing. */
export function useResource<Body>(path: string | null, everyMs: number | null = null): Resource<Body> {
  const [state, setState] = useState<Omit<Resource<Body>, 'reload'> & { readonly path: string | null }>(none);
  const turns = useRef<OneAtATime | null>(null);
  const signedInTimes = signIns.value;

  useEffect(() => {
    if (path === null) return;
    const reading = new OneAtATime(async (stopped) => {
      const read = await getJson<Body>(path, stopped).then(
        (data) => () => ({ path, data, problem: null, readAtMs: Date.now() }),
        (error: unknown) => (last: typeof state) => ({
          ...(last.path === path ? last : none),
          path,
          problem: problemOf(error),
        }),
      );
      if (!stopped.aborted) setState(read);
    });
    turns.current = reading;
    void reading.run();
    const timer = everyMs === null ? null : setInterval(() => reading.runIfIdle(), everyMs);
    return () => {
      turns.current = null;
      reading.stop();
      if (timer !== null) clearInterval(timer);
    };
  }, [path, everyMs, signedInTimes]);

  const reload = useCallback(async () => turns.current?.run(), []);
  const shown = state.path === path ? state : none;
  return { data: shown.data, problem: shown.problem, readAtMs: shown.readAtMs, reload };
}

const none = { path: null, data: null, problem: null, readAtMs: null } as const;
