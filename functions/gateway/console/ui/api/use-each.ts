import { useCallback, useEffect, useState } from 'preact/hooks';
import { OneAtATime } from './one-at-a-time.ts';
import { type Problem, problemOf } from './problem.ts';
import { getJson } from './request.ts';
import { signIns } from './session.ts';

/** What was read from one of several paths, or why it was not. */
export interface Each<Body> {
  readonly data: Body | null;
  readonly problem: Problem | null;
}

/** Reads several paths at once, each `everyMs`; one that fails leaves the others. Null until all have answered. */
export function useEach<Body>(
  paths: readonly string[],
  everyMs: number,
): { readonly each: readonly Each<Body>[] | null; reload(): void } {
  const [each, setEach] = useState<readonly Each<Body>[] | null>(null);
  const [round, setRound] = useState(0);
  const asked = JSON.stringify(paths);
  const signedInTimes = signIns.value;
  useEffect(() => {
    const wanted = JSON.parse(asked) as readonly string[];
    if (wanted.length === 0) return;
    const reading = new OneAtATime(async (stopped) => {
      const found = await Promise.all(wanted.map((path) => readOne<Body>(path, stopped)));
      if (!stopped.aborted) setEach(found);
    });
    reading.run();
    const timer = setInterval(() => reading.runIfIdle(), everyMs);
    return () => {
      reading.stop();
      clearInterval(timer);
    };
  }, [asked, everyMs, round, signedInTimes]);
  return { each, reload: useCallback(() => setRound((last) => last + 1), []) };
}

async function readOne<Body>(path: string, abort: AbortSignal): Promise<Each<Body>> {
  try {
    return { data: await getJson<Body>(path, abort), problem: null };
  } catch (error) {
    return { data: null, problem: problemOf(error) };
  }
}
