/** Words behind `/operations/` that are paths of the gateway itself: a function of such a name could not be reached. */
const RESERVED: ReadonlySet<string> = new Set([
  'store',
  'functions',
  'topics',
  'messages',
  'trace',
  'stream',
  'session',
  'dead-letters',
  'letters',
]);

/** @throws {Error} naming the first function whose name is a path word of the operations API. */
export function assertFreeNames(names: readonly string[]): void {
  const taken = names.find((name) => RESERVED.has(name));
  if (taken === undefined) return;
  throw new Error(`no function can be called ${taken}: /operations/${taken} is a path of the gateway; rename it`);
}
