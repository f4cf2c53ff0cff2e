import { useRef, useState } from 'preact/hooks';
import { newIdempotencyKey } from './idempotency-key.ts';
import { type Problem, problemOf } from './problem.ts';
import { type Answer, send } from './request.ts';

/** A change that a page asks of the store. */
export interface Command<Body> {
  readonly isSending: boolean;
  /** Why the last try failed; null when it did not. */
  readonly problem: Problem | null;
  /** @returns null where it failed, or one is being sent already */
  run(path: string, body?: unknown, method?: 'POST' | 'PUT'): Promise<Answer<Body> | null>;
  /** Forgets the problem. */
  clear(): void;
}

/**
 * Sends commands, one at a time. A command that was not answered keeps its `Idempotency-Key` for the next try, so that it is never
 * done twice; after an answer the next command has a key of its own.
 */
export function useCommand<Body>(): Command<Body> {
  const [isSending, setSending] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const key = useRef<string | null>(null);
  const isBusy = useRef(false);

  const run: Command<Body>['run'] = async (path, body, method = 'POST') => {
    if (isBusy.current) return null;
    isBusy.current = true;
    setSending(true);
    key.current ??= newIdempotencyKey();
    try {
      const options = body === undefined ? {} : { body };
      const answer = await send<Body>(method, path, { ...options, idempotencyKey: key.current });
      key.current = null;
      setProblem(null);
      return answer;
    } catch (error) {
      const found = problemOf(error);
      if (found.status >= 400 && found.status < 500) key.current = null;
      setProblem(found);
      return null;
    } finally {
      isBusy.current = false;
      setSending(false);
    }
  };
  return { isSending, problem, run, clear: () => setProblem(null) };
}
