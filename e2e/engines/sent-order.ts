/** Compares what the topics of a store have with the order in which its functions committed it. */
import Database from 'better-sqlite3';
import { expect } from 'vitest';
import { dataFile } from '../../functions/engine.ts';
import type { LogRecord } from '../../shared/ports/message-log.ts';
import { clientOf, logOf, readCount } from './kafka-examples.ts';

/** Who alone writes each topic. */
const TOPICS = { 'order-events': 'order', 'inventory-events': 'inventory' } as const;

interface Committed {
  readonly key: string;
  readonly id: string;
}

interface Place {
  readonly dataDir: string;
  readonly brokers: readonly string[];
  readonly prefix: string;
  readonly partitions: number;
}

/**
 * Expects each message of each key at its place in the order of the commits, and none to be missing. A repeat counts where it came
 * first. Returns how many records are repeats.
 */
export async function expectSentInOrder({ dataDir, brokers, prefix, partitions }: Place): Promise<number> {
  const log = logOf({ prefix, partitions, client: clientOf(brokers), topics: TOPICS });
  let repeats = 0;
  try {
    for (const [topic, writer] of Object.entries(TOPICS)) {
      const committed = outboxIn(dataFile(dataDir, writer));
      const options = { group: 'looks-on', topics: [topic], positions: async () => [], wake: () => undefined };
      const subscription = await log.subscribe(options);
      const ends = await subscription.ends();
      const sent = ends.reduce((sum, { position }) => sum + position, 0);
      const records = await readCount(subscription, sent);
      await subscription.close();
      expect(byKey(firstOfEach(records))).toEqual(byKey(committed));
      repeats += records.length - committed.length;
    }
  } finally {
    await log.close();
  }
  return repeats;
}

function outboxIn(file: string): readonly Committed[] {
  const db = new Database(file, { readonly: true });
  try {
    return db.prepare('SELECT partitionkey AS key, id FROM outbox_message ORDER BY position').all() as Committed[];
  } finally {
    db.close();
  }
}

function firstOfEach(records: readonly LogRecord[]): readonly Committed[] {
  const seen = new Set<unknown>();
  const first = records.filter(({ attributes: { id } }) => !seen.has(id) && seen.add(id));
  return first.map(({ attributes }) => ({ key: String(attributes['partitionkey']), id: String(attributes['id']) }));
}

/** The ids of each key, in their order. */
function byKey(messages: readonly Committed[]): Readonly<Record<string, readonly string[]>> {
  const keys = new Map<string, string[]>();
  for (const { key, id } of messages) keys.set(key, [...(keys.get(key) ?? []), id]);
  return Object.fromEntries(keys);
}
