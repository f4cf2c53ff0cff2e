type Value = string | Buffer;

/**
 * Headers as a client library gives them, with one value each: of one that is there more than once the last one counts. One whose
 * value is null is not there.
 */
export function flatHeaders(
  headers: Readonly<Record<string, Value | readonly (Value | null)[] | null | undefined>> | undefined,
): Record<string, Buffer> {
  const found: Record<string, Buffer> = {};
  for (const [name, value] of Object.entries(headers ?? {})) {
    const last = typeof value === 'string' || Buffer.isBuffer(value) ? value : value?.at(-1);
    if (last !== undefined && last !== null) found[name] = typeof last === 'string' ? Buffer.from(last) : last;
  }
  return found;
}
