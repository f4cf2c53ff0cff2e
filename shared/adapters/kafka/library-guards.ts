import pRetry from 'p-retry';
import { typesOf } from './kafka-errors.ts';

/** What there is of kafkajs's queue of requests. */
interface RequestQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests(): void;
}

/** What there is of its loop that fetches. */
interface Runner {
  readonly running: boolean;
  fetch(nodeId: number): Promise<unknown>;
}

/** What there is of its brokers, which are asked in turn. */
interface BrokerPool {
  withBroker(ask: (broker: unknown) => Promise<unknown>): Promise<unknown>;
}

/** A queue looks every millisecond for something to send, also while it is empty. Now it sleeps then. */
export function sleepWhileIdle(queue: RequestQueue): void {
  const schedule = queue.scheduleCheckPendingRequests;
  queue.scheduleCheckPendingRequests = function (this: RequestQueue) {
    if (this.pending.length > 0) schedule.call(this);
  };
}

/**
 * A consumer that is stopped in the moment in which it meets another set of brokers starts its loops once more. They fetch
 * nothing and wait for nothing, so that the whole process stands still for ever. Now the first fetch ends them.
 */
export function endWhenStopped(runner: Runner): void {
  const fetch = runner.fetch;
  runner.fetch = async function (this: Runner, nodeId: number) {
    if (!this.running) throw new Error('the consumer is stopped');
    return fetch.call(this, nodeId);
  };
}

/** A pool forgets why none of its brokers has answered. Now it says that a group is refused. */
export function keepRefusals(pool: BrokerPool): void {
  const withBroker = pool.withBroker;
  pool.withBroker = async function (this: BrokerPool, ask) {
    const refusals: unknown[] = [];
    const answer = await withBroker.call(this, (broker) =>
      ask(broker).catch((error: unknown) => {
        if (typesOf(error).includes('GROUP_AUTHORIZATION_FAILED')) refusals.push(error);
        throw error;
      }),
    );
    if (answer === null && refusals.length > 0) throw refusals[0];
    return answer;
  };
}

/**
 * Waits until a new topic has leaders. The library's own wait ends where the broker that is asked does not know the topic yet.
 * Any other error ends the wait.
 * @param look fails while it has none
 */
export async function onceKnown(look: () => Promise<unknown>): Promise<void> {
  const shouldRetry = ({ error }: { readonly error: unknown }) => typesOf(error).some((type) => NOT_YET.includes(type));
  await pRetry(look, { retries: 30, minTimeout: 200, factor: 1, shouldRetry });
}

const NOT_YET: readonly string[] = ['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE'];
