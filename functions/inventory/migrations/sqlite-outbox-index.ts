import type { Migration } from '../../../shared/ports/migration.ts';

/** Finds the messages of an order or a product without reading all that were ever published. */
export const outboxIndex: Migration = {
  number: 8,
  name: 'messages by subject',
  sql: 'CREATE INDEX outbox_by_subject ON outbox (subject)',
};
