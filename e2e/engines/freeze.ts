/**
 * Loaded into a process of the store before its program: the process freezes itself at a point of its work with Kafka, once, when a
 * test has asked for it in a file. Its sessions at the broker are short, so that the broker misses it soon.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { KafkajsClient } from '../../shared/adapters/kafka/kafkajs-client.ts';
import { FREEZE_DIR, type FreezeRequest, SESSION_MS } from './frozen.ts';

const file = join(process.env[FREEZE_DIR] ?? '', process.argv[2] ?? 'all');

/** Everything stops here, with what is on the stack, until SIGCONT. Returns whether it did. */
function freezeWhereAsked(at: FreezeRequest['at'], values: readonly unknown[]): boolean {
  if (!existsSync(file)) return false;
  const request = JSON.parse(readFileSync(file, 'utf8')) as FreezeRequest;
  if (request.at !== at || !values.some((value) => String(value).includes(request.about))) return false;
  rmSync(file);
  process.kill(process.pid, 'SIGSTOP');
  return true;
}

const { producer: newProducer, consumer: newConsumer } = KafkajsClient.prototype;

KafkajsClient.prototype.producer = function () {
  const producer = newProducer.call(this);
  return {
    send: async (pieces) => {
      const values = pieces.flatMap(({ messages }) => messages.map(({ value }) => value));
      freezeWhereAsked('before send', values);
      const receipts = await producer.send(pieces);
      // A process that was away for longer than it waits for an answer finds none.
      if (freezeWhereAsked('after send', values)) throw new Error('the answer was awaited for too long');
      return receipts;
    },
  };
};

KafkajsClient.prototype.consumer = function (options) {
  return newConsumer.call(this, {
    ...options,
    sessionMs: SESSION_MS,
    onBatch: (lane, batch) => {
      const values = batch.records.map(({ value }) => value);
      freezeWhereAsked('fetched', values);
      return options.onBatch(lane, batch);
    },
  });
};
