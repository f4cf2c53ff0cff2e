import { z } from 'zod';
import { catalog } from '../../saga/catalog.ts';
import { example } from '../../saga/examples.ts';
import type { DataOf, MessageOf } from '../../saga/messages.ts';
import { type Draft, type Refusal, refusal } from '../core/message.ts';
import { firstVersion, type MessageCatalog } from '../core/message-catalog.ts';
import { table } from '../ports/store.ts';
import type { StoreFunction } from '../runtime/function.ts';

/**
 * A function that counts the messages it receives. The rules of the store's own functions tolerate a message that comes
 * twice, and so hide a missing inbox; the probe shows it.
 */
export interface Tally {
  readonly name: string;
  readonly messages: number;
  readonly units: number;
}

/** The database refuses a tally of more units, as the last guard against a bug. */
export const UNITS_MAX = 1_000;

export type ProbeMessage = MessageOf<'ReceiveStock'>;
type Counted = Draft<'Counted', { readonly quantity: number }>;

/** The messages of the store, on any topic, and what the probe publishes. */
export const probeCatalog: MessageCatalog = {
  ...catalog,
  kinds: { ...catalog.kinds, Counted: firstVersion(z.object({ quantity: z.int() })) },
  isAllowedOnTopic: () => true,
};

export const tallies = table<Tally>(
  'tally',
  { name: 'text', messages: 'integer', units: 'integer' },
  { key: ['name'] },
);

export const probe: StoreFunction<Tally, ProbeMessage, Counted | Refusal> = {
  name: 'probe',
  inputs: new Set(['ReceiveStock']),
  consumes: ['probe-commands'],
  catalog: probeCatalog,
  publishes: 'probe-events',
  tables: [tallies],
  migrations: {
    sqlite: [
      {
        number: 1,
        name: 'tally',
        sql: `
          CREATE TABLE tally (
            name TEXT NOT NULL PRIMARY KEY,
            messages INTEGER NOT NULL,
            units INTEGER NOT NULL CHECK (units <= ${UNITS_MAX})
          ) STRICT`,
      },
    ],
  },
  rules: {
    decide(_, { subject, data: { name, quantity } }) {
      if (name === 'throw') throw new Error(`the probe was told to fail on ${subject}`);
      if (name === 'refuse') return [refusal(subject, 'told_to', 'the probe was told to refuse')];
      return [{ type: 'Counted', subject, data: { quantity } }];
    },
    evolve(tally, { data }: Counted) {
      return { ...tally, messages: tally.messages + 1, units: tally.units + data.quantity };
    },
  },
  needs: ({ subject }) => [{ table: tallies, values: [subject] }],
  load: (rows, { subject }) => rows.one(tallies, subject) ?? { name: subject, messages: 0, units: 0 },
  save: ({ after }) => [{ table: tallies, row: after }],
};

/** A message that the probe counts under `name`. With `order` it throws or refuses instead. */
export function count(name: string, quantity: number, order: 'count' | 'throw' | 'refuse' = 'count'): ProbeMessage {
  const data: DataOf<'ReceiveStock'> = { productId: name, quantity, name: order };
  return example('/tests', 'ReceiveStock', name, data);
}
