/**
 * Asks a Kafka broker whether clients can work with it, without a client library: the three requests that matter before
 * anything is installed. The layouts are those of Kafka's protocol guide, in versions that brokers from 2.1 on answer.
 */
import { connect } from 'node:net';

const METADATA = { key: 3, version: 1 };
const FIND_COORDINATOR = { key: 10, version: 0 };
const HEARTBEAT = { key: 12, version: 0 };
const UNKNOWN_MEMBER = 25;
const ANSWER_MS = 2_000;
/** A larger answer is that of no broker: the port belongs to another program. */
const ANSWER_BYTES_MAX = 1 << 20;
const GROUP = 'saga-store-readiness';

/**
 * @param {number} port of this machine
 * @returns {Promise<string | null>} what the broker cannot do yet, as a few words; null where it is ready: it knows itself,
 *   and coordinates consumer groups
 */
export async function whatBrokerLacks(port) {
  const brokers = await ask(port, METADATA, int32(-1));
  if (brokers === null || brokers.length < 4) return 'it does not answer as a Kafka broker does';
  if (brokers.readInt32BE(0) < 1) return 'it has not joined its cluster yet';
  const found = await ask(port, FIND_COORDINATOR, string(GROUP));
  if (found === null || found.readInt16BE(0) !== 0) return 'its consumer groups have no coordinator yet';
  // In a cluster another broker may coordinate this group.
  if (portIn(found) !== port) return null;
  // A coordinator that has loaded its groups knows that this member is in none.
  const beat = await ask(port, HEARTBEAT, Buffer.concat([string(GROUP), int32(0), string('')]));
  return beat?.readInt16BE(0) === UNKNOWN_MEMBER ? null : 'its consumer groups are not loaded yet';
}

/** @returns {Promise<Buffer | null>} the body of the answer; null where there is none */
function ask(port, { key, version }, body) {
  const header = Buffer.concat([int16(key), int16(version), int32(1), string('saga-store')]);
  const request = Buffer.concat([int32(header.length + body.length), header, body]);
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    let answer = Buffer.alloc(0);
    const end = (result) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(ANSWER_MS, () => end(null));
    socket.once('error', () => end(null));
    socket.once('close', () => end(null));
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      const length = answer.length < 8 ? 0 : answer.readInt32BE(0);
      if (length > ANSWER_BYTES_MAX || length < 0) end(null);
      else if (length > 0 && answer.length >= 4 + length) end(answer.subarray(8, 4 + length));
    });
  });
}

/** Where the coordinator listens: its port follows an error code, its number and its host. */
function portIn(found) {
  return found.readInt32BE(8 + found.readInt16BE(6));
}

function int16(value) {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function string(text) {
  const bytes = Buffer.from(text);
  return Buffer.concat([int16(bytes.length), bytes]);
}
