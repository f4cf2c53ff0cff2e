import type { Outcome } from '../handle/outcome.ts';
import type { FunctionContext } from './function-context.ts';
import { runLoop } from './run-loop.ts';
import { WakeSignal } from './wake-signal.ts';

/** Calls `step` until `signal` aborts: at once, and again after commits with an outcome that `wakes`. */
export function wokenLoop(
  context: Pick<FunctionContext, 'onCommit'>,
  signal: AbortSignal,
  { step, wakes }: { readonly step: () => Promise<boolean>; readonly wakes: (outcome: Outcome) => boolean },
  onError: (error: unknown) => void,
): Promise<void> {
  const wake = new WakeSignal();
  context.onCommit((outcomes) => {
    if (outcomes.some(wakes)) wake.raise();
  });
  signal.addEventListener('abort', () => wake.raise());
  return runLoop({ step, wake, signal, onError });
}
