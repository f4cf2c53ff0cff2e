/** Thrown where an invariant of our own is broken: a bug, never an outcome of the business. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** @throws {InvariantError} when `condition` does not hold; `message` is a sentence with the values in it. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

/** Marks the branch that the types rule out. @throws {InvariantError} always. */
export function assertNever(value: never): never {
  throw new InvariantError(`no case for ${JSON.stringify(value)}`);
}
