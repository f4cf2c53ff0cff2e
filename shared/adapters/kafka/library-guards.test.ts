import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { describe, expect, it, vi } from 'vitest';
// What is tested is what this module does to the library.
import './kafkajs-client.ts';
import { onceKnown } from './library-guards.ts';

const load = createRequire(import.meta.url);
const logger = { namespace: () => logger, debug: () => undefined, info: () => undefined, warn: () => undefined };

describe('kafkajs', () => {
  it('asks no timer for a queue of requests that is empty', () => {
    vi.useFakeTimers();
    const RequestQueue = load('kafkajs/src/network/requestQueue');
    const queue = new RequestQueue({ maxInFlightRequests: 1, requestTimeout: 10, clientId: 'a', broker: 'b', logger });
    const request = (correlationId: number) => ({
      entry: { correlationId, reject: vi.fn() },
      expectResponse: true,
      sendRequest: vi.fn(),
    });

    queue.checkPendingRequests();
    expect(vi.getTimerCount()).toBe(0);

    queue.push(request(1));
    queue.push(request(2));
    expect(vi.getTimerCount()).toBe(1);
    queue.rejectAll(new Error('gone'));
    vi.advanceTimersByTime(100);
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it('does not fetch for ever where it was stopped while its brokers changed', async () => {
    const Runner = load('kafkajs/src/consumer/runner');
    const consumerGroup = { groupId: 'g', memberId: 'm', getNodeIds: () => [1], leave: async () => undefined };
    const instrumentationEmitter = new EventEmitter();
    const runner = new Runner({ logger, consumerGroup, instrumentationEmitter, concurrency: 1, retry: { retries: 0 } });

    await expect(runner.fetchManager.start()).rejects.toThrow('the consumer is stopped');
  });

  it('says why no broker names the coordinator of a group that it refuses', async () => {
    const BrokerPool = load('kafkajs/src/cluster/brokerPool');
    const pool = new BrokerPool({ connectionPool: {}, logger });
    pool.brokers = { 1: { isConnected: () => true } };
    const failing = (type: string) => pool.withBroker(() => Promise.reject(Object.assign(new Error(type), { type })));

    await expect(failing('GROUP_AUTHORIZATION_FAILED')).rejects.toThrow('GROUP_AUTHORIZATION_FAILED');
    expect(await failing('GROUP_COORDINATOR_NOT_AVAILABLE')).toBeNull();
  });
});

describe('the wait for a new topic', () => {
  const failure = (type: string) => Object.assign(new Error(type), { type });

  it.each(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE'])('goes on after %s', async (type) => {
    const look = vi.fn().mockRejectedValueOnce(failure(type)).mockResolvedValue({});

    await onceKnown(look);

    expect(look).toHaveBeenCalledTimes(2);
  });

  it('ends at once with any other error', async () => {
    const look = vi.fn().mockRejectedValue(failure('TOPIC_AUTHORIZATION_FAILED'));

    await expect(onceKnown(look)).rejects.toThrow('TOPIC_AUTHORIZATION_FAILED');

    expect(look).toHaveBeenCalledTimes(1);
  });
});
