import { AppError, TransientError } from '../../core/errors.ts';
import type { IncomingCommand } from '../handle/incoming.ts';
import type { CommandOutcome, Outcome } from '../handle/outcome.ts';

/** A command whose sender waits for its outcome. */
export interface PendingCommand {
  readonly item: IncomingCommand;
  readonly resolve: (outcome: CommandOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/** Whoever sent a command is told when trouble may pass: he is the one who tries again. */
function forCaller(error: unknown): unknown {
  if (!(error instanceof TransientError)) return error;
  return new AppError('unavailable', error.message, { retryAfterS: 1, cause: error });
}

/** Tells the sender what has become of his command. */
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
