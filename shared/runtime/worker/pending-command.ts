import { AppError, TransientError } from '../../core/errors.ts';
import type { IncomingCommand } from '../handle/incoming.ts';
import type { CommandOutcome, Outcome } from '../handle/outcome.ts';

/** A command whose caller waits for its outcome. */
export interface PendingCommand {
  readonly item: IncomingCommand;
  readonly resolve: (outcome: CommandOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/** A transient error is returned to the caller as `unavailable`: retrying a command is up to the caller. */
function forCaller(error: unknown): unknown {
  if (!(error instanceof TransientError)) return error;
  return new AppError('unavailable', error.message, { retryAfterS: 1, cause: error });
}

/** Returns the outcome of a command to its caller. */
export function settle({ resolve, reject }: PendingCommand, outcome: Outcome | undefined): void {
  switch (outcome?.kind) {
    case 'handled':
    case 'duplicate':
    case 'id_reused':
    case 'refused':
      resolve(outcome);
      return;
    case 'failed':
      reject(forCaller(outcome.error));
      return;
    default:
      reject(new Error(`a command cannot be ${outcome?.kind ?? 'without an outcome'}`));
  }
}
