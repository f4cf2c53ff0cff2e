import { AppError } from '../../core/errors.ts';

/** What the broker says of messages that it will never take. */
const TOO_LARGE = ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'];

/**
 * The error of a client library as one of ours. `failed`: what did not succeed, as the beginning of a sentence.
 * @returns `body_too_large` where the same messages will be refused again, else `unavailable`
 */
export function kafkaError(error: unknown, failed: string): AppError {
  if (error instanceof AppError) return error;
  const detail = `${failed}: ${error instanceof Error ? error.message : String(error)}`;
  if (typesOf(error).some((type) => TOO_LARGE.includes(type))) {
    return new AppError('body_too_large', detail, { cause: error });
  }
  return new AppError('unavailable', detail, { retryAfterS: 1, cause: error });
}

/** The error codes of Kafka in an error, its causes, and the errors that it gathers. */
export function typesOf(error: unknown, depth = 0): readonly string[] {
  if (!(error instanceof Error) || depth >= 10) return [];
  const own = 'type' in error ? [String(error.type)] : [];
  const gathered = 'errors' in error && Array.isArray(error.errors) ? error.errors : [];
  return [...own, ...[error.cause, ...gathered].flatMap((each) => typesOf(each, depth + 1))];
}
