/** Another program writes into a public topic by the means of each log, and not by those of the store. */
import Database from 'better-sqlite3';
import { topicFile } from '../../functions/engine.ts';
import { readConfig } from '../../functions/settings.ts';
import { KafkajsClient } from '../../shared/adapters/kafka/kafkajs-client.ts';
import type { TestStore } from './harness.ts';

const TOPIC = 'order-commands';

/** What a program may write, whether the store can read it or not. */
export interface ForeignRecord {
  readonly attributes: Readonly<Record<string, string | undefined>>;
  readonly data: string | Buffer;
}

/** Appends records to `order-commands`, whose topic exists. */
export async function writeForeign(store: TestStore, ...records: readonly ForeignRecord[]): Promise<void> {
  const { LOG, DATA_DIR, KAFKA_BROKERS, KAFKA_TOPIC_PREFIX } = readConfig(store.env);
  if (LOG === 'embedded') return insertInto(topicFile(DATA_DIR, TOPIC), records);
  const client = new KafkajsClient({ brokers: KAFKA_BROKERS });
  // In the binary mode of CloudEvents: what the data are is for their writer to know.
  const messages = records.map(({ attributes, data }) => ({ key: null, value: data, headers: headersOf(attributes) }));
  await client.producer().send([{ topic: `${KAFKA_TOPIC_PREFIX}${TOPIC}`, partition: 0, messages }]);
  await client.close();
}

function insertInto(file: string, records: readonly ForeignRecord[]): void {
  const db = new Database(file);
  const insert = db.prepare('INSERT INTO outbox (topic, subject, attributes, data) VALUES (?, ?, ?, CAST(? AS TEXT))');
  for (const { attributes, data } of records) {
    insert.run(TOPIC, attributes['subject'] ?? null, JSON.stringify(attributes), data);
  }
  db.close();
}

function headersOf(attributes: ForeignRecord['attributes']): Readonly<Record<string, string>> {
  const set = Object.entries(attributes).flatMap(([name, value]) =>
    value === undefined ? [] : [[`ce_${name}`, value] as const],
  );
  return { 'content-type': 'application/json', ...Object.fromEntries(set) };
}
