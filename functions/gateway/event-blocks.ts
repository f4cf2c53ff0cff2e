const BLOCK_END = Buffer.from('\n\n');
const ID_LINE = Buffer.from('\nid: ');
/** The most bytes of one event. */
const BLOCK_MAX_BYTES = 1024 * 1024;

/**
 * Takes the bytes of server-sent events and gives back whole events, so that a stream can be broken off and resumed
 * between two of them.
 */
export class EventBlocks {
  #rest: Buffer = Buffer.alloc(0);

  /**
   * The events that are complete now, and the last id in them; null where there is none.
   * @throws {Error} when an event has more than {@link BLOCK_MAX_BYTES}.
   */
  push(chunk: Uint8Array): { readonly bytes: Buffer; readonly lastId: string | null } {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const end = all.lastIndexOf(BLOCK_END);
    const whole = end < 0 ? 0 : end + BLOCK_END.length;
    this.#rest = all.subarray(whole);
    if (this.#rest.length > BLOCK_MAX_BYTES) throw new Error(`an event has more than ${BLOCK_MAX_BYTES} bytes`);
    const complete = all.subarray(0, whole);
    return { bytes: complete, lastId: lastIdIn(complete) };
  }
}

function lastIdIn(events: Buffer): string | null {
  const at = events.lastIndexOf(ID_LINE);
  if (at < 0) return null;
  const from = at + ID_LINE.length;
  return events.toString('utf8', from, events.indexOf('\n', from));
}
