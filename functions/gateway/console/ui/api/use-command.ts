import { useEffect, useRef, useState } from 'preact/hooks';
import { newIdempotencyKey } from './idempotency-key.ts';
import { type Problem, problemOf } from './problem.ts';
import { type Answer, send } from './request.ts';

/** A change that a page asks of the store. */
export interface Command<Body> {
  readonly isSending: boolean;
  /** Why the last try failed; null when it did not. */
  readonly problem: Problem | null;
  /** @returns null where it failed, one is being sent already, or its page or dialog is gone */
  run(path: string, body?: unknown, method?: 'POST' | 'PUT'): Promise<Answer<Body> | null>;
  /** Whether the last command has had no answer, so that it may be done or not. */
  isUnanswered(): boolean;
  /** Forgets the problem. */
  clear(): void;
}

interface Attempt {
  readonly command: string;
  readonly idempotencyKey: string;
}

/**
 * Sends commands, one at a time. A button shows that one is being sent by `aria-disabled`; with `disabled` it would lose the focus.
 * A command that was not answered keeps its `Idempotency-Key` for the next try, so that it is never done twice. Another command has a
 * key of its own, and so has the same one after an answer.
 */
export function useCommand<Body>(): Command<Body> {
  const [isSending, setSending] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const unanswered = useRef<Attempt | null>(null);
  const isBusy = useRef(false);
  const isGone = useRef(false);
  useEffect(
    () => () => {
      isGone.current = true;
    },
    [],
  );

  const run: Command<Body>['run'] = async (path, body, method = 'POST') => {
    if (isBusy.current) return null;
    isBusy.current = true;
    setSending(true);
    const command = JSON.stringify([method, path, body]);
    if (unanswered.current?.command !== command) unanswered.current = { command, idempotencyKey: newIdempotencyKey() };
    const { idempotencyKey } = unanswered.current;
    try {
      const options = body === undefined ? {} : { body };
      const answer = await send<Body>(method, path, { ...options, idempotencyKey });
      unanswered.current = null;
      setProblem(null);
      return isGone.current ? null : answer;
    } catch (error) {
      const found = problemOf(error);
      if (found.status >= 400 && found.status < 500) unanswered.current = null;
      setProblem(found);
      return null;
    } finally {
      isBusy.current = false;
      setSending(false);
    }
  };
  return {
    ...{ isSending, problem, run },
    isUnanswered: () => unanswered.current !== null,
    clear: () => setProblem(null),
  };
}
