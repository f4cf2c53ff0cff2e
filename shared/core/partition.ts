/**
 * Which partition of a topic a message goes to, by its key: the one that the default partitioner of Kafka's Java client
 * chooses, so that every client puts messages of one key into one partition.
 */
export function partitionOf(key: string, partitions: number): number {
  return (murmur2(encoder.encode(key)) & 0x7fffffff) % partitions;
}

const encoder = new TextEncoder();

const SEED = 0x9747b28c;
const M = 0x5bd1e995;
const R = 24;

/** MurmurHash2, 32 bits, as `org.apache.kafka.common.utils.Utils` computes it. Exported for its test. */
export function murmur2(bytes: Uint8Array): number {
  const { length } = bytes;
  const byteAt = (at: number) => bytes[at] ?? 0;
  let hash = SEED ^ length;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    const word = byteAt(at) | (byteAt(at + 1) << 8) | (byteAt(at + 2) << 16) | (byteAt(at + 3) << 24);
    const mixed = Math.imul(word, M);
    hash = Math.imul(hash, M) ^ Math.imul(mixed ^ (mixed >>> R), M);
  }
  if (at < length) {
    // The rest, at most three bytes: what is missing counts as 0.
    hash ^= byteAt(at) | (byteAt(at + 1) << 8) | (byteAt(at + 2) << 16);
    hash = Math.imul(hash, M);
  }
  hash ^= hash >>> 13;
  hash = Math.imul(hash, M);
  return hash ^ (hash >>> 15);
}
