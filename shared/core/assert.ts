/** Thrown when an invariant is broken: a bug, never a business outcome. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** @throws {InvariantError} when `condition` is false; `message` is a sentence that contains the values. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

/** Marks a branch that the types exclude. @throws {InvariantError} always. */
export function assertNever(value: never): never {
  throw new InvariantError(`no case for ${JSON.stringify(value)}`);
}
