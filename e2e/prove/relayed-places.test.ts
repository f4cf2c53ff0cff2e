import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { partitionOf } from '../../shared/core/partition.ts';
import { addPartitionOf, readInEpochs, vouchedSql } from './relayed-places.ts';

/** Two keys, each of which goes to the partition of its index. */
const KEYS = [0, 1].map((partition) => 'abcdefgh'.split('').find((key) => partitionOf(key, 2) === partition));

it('takes a message for handled where a watermark of its lane and its epoch reaches it', () => {
  const db = new Database(':memory:');
  addPartitionOf(db);
  db.exec(`ATTACH ':memory:' AS "order"; ATTACH ':memory:' AS inventory;
    CREATE TABLE "order".topic_epoch (number INTEGER PRIMARY KEY, epoch TEXT, from_position INTEGER);
    INSERT INTO "order".topic_epoch VALUES (1, 'one', 0), (2, 'two', 4);
    CREATE TABLE "order".outbox_message (position INTEGER PRIMARY KEY, topic TEXT, partitionkey TEXT);
    CREATE TABLE inventory.inbox_fold (topic TEXT, partition INTEGER, epoch TEXT, position INTEGER);
    INSERT INTO inventory.inbox_fold VALUES ('events', 0, 'one/2', 2), ('events', 1, 'one/2', 4), ('events', 1, 'two/2', 6),
      ('events', 0, 'two', 9), ('others', 0, 'two/2', 9);
    CREATE TEMP TABLE vouched (consumer TEXT, topic TEXT, position INTEGER, PRIMARY KEY (consumer, topic, position))`);
  const lanes = [0, 1, 0, 1, 0, 1, 1];
  const insert = db.prepare(`INSERT INTO "order".outbox_message VALUES (?, 'events', ?)`);
  for (const [index, lane] of lanes.entries()) insert.run(index + 1, KEYS[lane]);
  db.exec(vouchedSql('inventory', 'events', 'order'));

  expect(db.prepare('SELECT position FROM vouched').pluck().all()).toEqual([1, 2, 4, 6]);
});

it('knows how far each epoch of a writer was read, by marks of lanes and by watermarks', () => {
  const db = new Database(':memory:');
  db.exec(`ATTACH ':memory:' AS inventory;
    CREATE TABLE inventory.read_mark (topic TEXT, partition INTEGER, epoch TEXT, position INTEGER);
    INSERT INTO inventory.read_mark VALUES ('events', 0, 'two', 7), ('events', 1, 'two', 9), ('others', 0, 'two', 99);
    CREATE TABLE inventory.inbox_fold (topic TEXT, partition INTEGER, epoch TEXT, position INTEGER);
    INSERT INTO inventory.inbox_fold VALUES ('events', 0, 'one/6', 4), ('events', 0, 'embedded', 3), ('others', 0, 'one/6', 99)`);

  expect(readInEpochs(db, 'inventory', 'events')).toEqual([
    ['two', 7],
    ['two', 9],
    ['one', 4],
  ]);
});
