/**
 * Loaded into a process of the store before its program: its sessions at the broker outlast a test, and so does the wait of a new
 * member for those that are still counted as members.
 */
import { Kafka } from 'kafkajs';

const LONG_MS = 600_000;
const { consumer: newConsumer } = Kafka.prototype;

Kafka.prototype.consumer = function (config) {
  const longer = { sessionTimeout: LONG_MS, rebalanceTimeout: LONG_MS };
  return newConsumer.call(this, { ...config, groupId: config?.groupId ?? '', ...longer });
};
