type Value = string | Buffer;

/** Headers as a client library gives them, with one value each: of one that is there more than once the last one counts. */
export function flatHeaders(
  headers: Readonly<Record<string, Value | readonly Value[] | undefined>> | undefined,
): Record<string, Buffer> {
  const found: Record<string, Buffer> = {};
  for (const [name, value] of Object.entries(headers ?? {})) {
    const last = typeof value === 'string' || Buffer.isBuffer(value) ? value : value?.at(-1);
    if (last !== undefined) found[name] = typeof last === 'string' ? Buffer.from(last) : last;
  }
  return found;
}
