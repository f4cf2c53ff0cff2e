/** The stable error codes of the API, each for one kind of error that a caller can act on. */
export type ErrorCode =
  | 'malformed_request'
  | 'unauthorized'
  | 'forbidden_origin'
  | 'not_found'
  | 'method_not_allowed'
  | 'request_timeout'
  | 'conflict'
  | 'precondition_failed'
  | 'body_too_large'
  | 'header_too_large'
  | 'uri_too_long'
  | 'expectation_failed'
  | 'misdirected_request'
  | 'unsupported_media_type'
  | 'unsupported_content_coding'
  | 'invalid_request'
  | 'idempotency_key_reused'
  | 'too_many_requests'
  | 'unavailable'
  | 'version_not_supported'
  | 'no_room'
  | 'internal';

/** An error in one field: an RFC 6901 pointer into the body, and a sentence. */
export interface FieldError {
  readonly pointer: string;
  readonly detail: string;
}

/** A code and a title that a function gives an error of its own; its status is that of the general code. */
export interface OwnProblem {
  readonly code: string;
  readonly title: string;
}

/** An expected error, which the caller is told. Anything else that is thrown is a bug and answers 500. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly errors: readonly FieldError[];
  /** Seconds after which to try again; undefined where trying again does not help. */
  readonly retryAfterS: number | undefined;
  readonly own: OwnProblem | undefined;

  constructor(
    code: ErrorCode,
    detail: string,
    options: { errors?: readonly FieldError[]; retryAfterS?: number; own?: OwnProblem; cause?: unknown } = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.errors = options.errors ?? [];
    this.retryAfterS = options.retryAfterS;
    this.own = options.own;
  }
}

/**
 * A transient error of one message. The message is tried again, in the order of its key, more often than after an error
 * that looks like a bug.
 */
export class TransientError extends Error {
  override readonly name = 'TransientError';
}

/**
 * An error of one message that no retry can help, because an operator has to decide. The message is dead-lettered at once and
 * blocks its key.
 */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
}

/** Whether trying again later can help. */
export function isTransient(error: unknown): boolean {
  return error instanceof TransientError || (error instanceof AppError && error.retryAfterS !== undefined);
}

/** An invalid setting. It stops the start. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly setting: string;

  constructor(setting: string, problem: string) {
    super(`${setting}: ${problem}`);
    this.setting = setting;
  }
}
