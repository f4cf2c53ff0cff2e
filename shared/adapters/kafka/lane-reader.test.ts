import { expect, it } from 'vitest';
import type { KafkaRecord } from './kafka-client.ts';
import { RECORDS_MAX } from './lane-buffer.ts';
import { LaneReader } from './lane-reader.ts';

const lane = { topic: 'events', partition: 0 };
const ignore = () => undefined;
const consumer = {
  pause: ignore,
  resume: ignore,
  seek: ignore,
  commit: async () => undefined,
  close: async () => undefined,
};

function readerFrom(position: number, proof: string | null = null): LaneReader {
  const start = { position, epoch: 'one', proof };
  const options = { low: 0, high: 10_000, lanes: 1, writer: null, newEpoch: () => 'two', onLost: ignore };
  return new LaneReader({ lane, consumer, start, ...options });
}

function batch(from: number, next: number) {
  const records = Array.from({ length: next - from }, (_, index): KafkaRecord => {
    const value = Buffer.from(JSON.stringify({ id: `m${from + index}`, data: 1 }));
    return { offset: from + index, timestampMs: 0, headers: {}, value };
  });
  return { records, from, next };
}

it('a lane wants the record behind those that were fetched, whether they are acknowledged or not', () => {
  const reader = readerFrom(3);
  expect(reader.wanted).toBe(3);
  reader.take(batch(3, 5));

  expect(reader.wanted).toBe(5);
});

it('a lane that is to prove that its topic is the same wants the record that was read last', () => {
  expect(readerFrom(3, 'm2').wanted).toBe(2);
});

it('a lane that is full wants nothing until half of it is acknowledged', () => {
  const reader = readerFrom(0);
  reader.take(batch(0, RECORDS_MAX));
  expect(reader.wanted).toBeNull();
  reader.acknowledge(RECORDS_MAX / 2);

  expect(reader.wanted).toBe(RECORDS_MAX);
});
