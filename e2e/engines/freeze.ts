/**
 * Loaded into a process of the store before its program, it wraps the client library, which the built program has as a package: the
 * process freezes itself at a point of its work with Kafka, once, when a test has asked for it in a file. Its sessions at the broker
 * are short, so that the broker misses it soon.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Kafka } from 'kafkajs';
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

const { producer: newProducer, consumer: newConsumer } = Kafka.prototype;

Kafka.prototype.producer = function (config) {
  const producer = newProducer.call(this, config);
  return {
    ...producer,
    sendBatch: async (batch) => {
      const values = (batch.topicMessages ?? []).flatMap(({ messages }) => messages.map(({ value }) => value));
      freezeWhereAsked('before send', values);
      const receipts = await producer.sendBatch(batch);
      // A process that was away for longer than it waits for an answer finds none.
      if (freezeWhereAsked('after send', values)) throw new Error('the answer was awaited for too long');
      return receipts;
    },
  };
};

Kafka.prototype.consumer = function (config) {
  const consumer = newConsumer.call(this, {
    ...config,
    groupId: config?.groupId ?? '',
    sessionTimeout: SESSION_MS,
    heartbeatInterval: SESSION_MS / 3,
  });
  return {
    ...consumer,
    run: (handlers) =>
      consumer.run({
        ...handlers,
        eachBatch: async (payload) => {
          freezeWhereAsked(
            'fetched',
            payload.batch.messages.map(({ value }) => value),
          );
          await handlers?.eachBatch?.(payload);
        },
      }),
  };
};
