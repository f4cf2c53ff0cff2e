import { AppError, ConfigError } from '../shared/core/errors.ts';
import { describeError } from '../shared/runtime/observe/error-report.ts';

/** Why a start failed. `isExpected`: the sentence is for the operator; else the error is a bug, and comes with its stack. */
export interface Explanation {
  readonly error: string;
  readonly isExpected: boolean;
}

export function explain(error: unknown): Explanation {
  const isExpected = error instanceof AppError || error instanceof ConfigError;
  return { error: isExpected ? error.message : describeError(error), isExpected };
}
