import type { Store } from '../../ports/store.ts';
import { deadLetters, type ParkedKeyRow, parked, parkedKeys } from '../../ports/tables/retry.ts';
import type { StoreFunction } from '../function.ts';
import { type Deliveries, undeliveredWaits } from './undelivered.ts';
import { MESSAGES_MAX, messageIn, type Wait } from './wait.ts';

/** What a key waits for at this function, and which of its messages other functions have not read yet. */
export async function waitsOf(
  { name, publishes }: StoreFunction,
  store: Store,
  deliveries: Deliveries,
  key: string,
): Promise<readonly Wait[]> {
  const waits: Wait[] = [];
  const open = await store.find({ table: deadLetters, where: { status: 'open', key }, limit: MESSAGES_MAX });
  for (const { letter, code, detail, diedAt, attributes } of open) {
    const error = firstLine(detail);
    const message = messageIn(attributes);
    const text = `${name} gave ${message.type} up (${code}: ${error}); dead letter ${letter} waits for an operator`;
    waits.push({ at: name, kind: 'dead_letter', detail: text, since: diedAt, letter, error, message });
  }
  waits.push(...(await discardedWaits(name, store, key)));
  const [row] = await store.find({ table: parkedKeys, where: { key }, limit: 1 });
  if (row !== undefined && row.head < row.tail) waits.push(await parkedWait(name, store, row));
  if (publishes !== null) waits.push(...(await undeliveredWaits({ name, publishes }, store, deliveries, key)));
  return waits;
}

async function parkedWait(name: string, store: Store, row: ParkedKeyRow): Promise<Wait> {
  const { key, head, tail, attempt, dueAt, detail, since, letter } = row;
  const [first] = await store.find({ table: parked, where: { key }, orderBy: ['number'], limit: 1 });
  const count = tail - head;
  const error = firstLine(detail);
  const message = messageIn(first?.attributes ?? {});
  if (dueAt === null) {
    const text = `${name} has parked ${messages(count)} of ${key} behind dead letter ${letter}`;
    return { at: name, kind: 'parked', detail: text, since, error, ...(letter === null ? {} : { letter }) };
  }
  const behind = count === 1 ? '' : `, with ${messages(count - 1)} behind it`;
  const tried = `${name} has ${message.type} parked after attempt ${attempt} (${error})`;
  const text = `${tried}, tries again at ${dueAt}${behind}`;
  return { at: name, kind: 'parked', detail: text, since, until: dueAt, error, attempt, message };
}

/** Messages that an operator has discarded: they are never handled, and what would follow from them never comes. */
async function discardedWaits(name: string, store: Store, key: string): Promise<readonly Wait[]> {
  const rows = await store.find({ table: deadLetters, where: { status: 'discarded', key }, limit: MESSAGES_MAX });
  return rows.map(({ letter, attributes, decidedAt }) => {
    const message = messageIn(attributes);
    const detail = `${message.type} was discarded at ${name} (dead letter ${letter}), so no function handles it`;
    return {
      at: name,
      kind: 'discarded',
      detail,
      letter,
      message,
      ...(decidedAt === null ? {} : { since: decidedAt }),
    };
  });
}

function messages(count: number): string {
  return `${count} more ${count === 1 ? 'message' : 'messages'}`;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
