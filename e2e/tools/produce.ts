/** Appends commands to a topic, as another system would: CloudEvents in JSON, one or an array of them. */
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { z } from 'zod';
import { readConfig } from '../../functions/settings.ts';
import { createStoreLog } from '../../functions/store-log.ts';
import { topics } from '../../saga/choreography.ts';
import type { Message } from '../../shared/core/message.ts';
import { pointerTo } from '../../shared/runtime/http/problem.ts';
import { runAsMain, StoreError, type Terminal } from './store-client.ts';

const EXAMPLE = `
Example:
  echo '{"id": "c-1", "source": "/import", "type": "PlaceOrder", "time": "2026-01-02T03:04:05.678Z", "subject": "ORDER_003",
    "data": {"orderId": "ORDER_003", "customerId": "CUSTOMER_001", "currency": "EUR",
      "lines": [{"productId": "PRODUCT_001", "quantity": 1, "priceMinor": 1000}]}}' | yarn produce order-commands -

The topic is a file in DATA_DIR, else ./data. A second event with the same id and source is a duplicate and changes
nothing. An event that order cannot handle becomes a dead letter.`;

const textSchema = z.string().min(1).max(256);
const eventSchema = z.object({
  specversion: z.literal('1.0').optional(),
  id: textSchema,
  source: textSchema,
  type: textSchema,
  time: z.iso.datetime({ offset: true }),
  subject: textSchema,
  datacontenttype: z.literal('application/json').optional(),
  partitionkey: textSchema.optional(),
  correlationid: textSchema.optional(),
  causationid: textSchema.optional(),
  schemaversion: z.int().min(1).optional(),
  traceparent: textSchema.optional(),
  data: z.unknown().refine((data) => data !== undefined, 'must be there'),
});
type Event = z.infer<typeof eventSchema>;

/** @throws StoreError when the topic is not public or an event is invalid; then nothing is written */
export async function produce(
  args: readonly string[],
  terminal: Terminal,
  readInput: () => Promise<string> = () => text(process.stdin),
): Promise<void> {
  const command = new Command('produce')
    .description('Appends CloudEvents to a public topic.')
    .argument('<topic>', `one of ${publicTopics.join(', ')}`)
    .argument('<file>', 'a file with a JSON object or an array of them; - reads standard input')
    .addHelpText('after', EXAMPLE)
    .configureOutput({
      writeOut: (line) => terminal.out(line.trimEnd()),
      writeErr: (line) => terminal.err(line.trimEnd()),
    })
    .parse([...args], { from: 'user' });
  const [topic = '', file = ''] = command.args;
  if (!publicTopics.includes(topic)) {
    const why = Object.hasOwn(topics, topic)
      ? `only its own function writes to ${topic}`
      : `there is no topic ${topic}`;
    throw new StoreError(`${why}; public topics: ${publicTopics.join(', ')}`);
  }
  const messages = readEvents(file === '-' ? await readInput() : await contentsOf(file)).map(toMessage);
  const log = createStoreLog(readConfig(terminal.env), []);
  try {
    await log.append(topic, messages);
  } finally {
    await log.close();
  }
  terminal.out(`${messages.length} ${messages.length === 1 ? 'message is' : 'messages are'} on disk in ${topic}.`);
}

const publicTopics: readonly string[] = Object.entries(topics)
  .filter(([, writer]) => writer === null)
  .map(([topic]) => topic);

async function contentsOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new StoreError(`${file} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

function readEvents(json: string): readonly Event[] {
  const value = parse(json);
  const schema = Array.isArray(value) ? z.array(eventSchema).min(1) : eventSchema;
  const parsed = schema.safeParse(value);
  if (parsed.success) return [parsed.data].flat();
  const errors = parsed.error.issues.map(({ path, message }) => `  ${pointerTo(path) || '/'} ${message}`);
  throw new StoreError(`These are not CloudEvents; nothing was written.\n${errors.join('\n')}`);
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new StoreError(`This is not JSON: ${error instanceof Error ? error.message : error}`);
  }
}

function toMessage({ traceparent, ...event }: Event): Message {
  const message: Message = {
    specversion: '1.0',
    id: event.id,
    source: event.source,
    type: event.type,
    time: event.time,
    subject: event.subject,
    datacontenttype: 'application/json',
    partitionkey: event.partitionkey ?? event.subject,
    correlationid: event.correlationid ?? event.id,
    causationid: event.causationid ?? event.id,
    schemaversion: event.schemaversion ?? 1,
    data: event.data,
  };
  return traceparent === undefined ? message : { ...message, traceparent };
}

await runAsMain(import.meta.url, produce);
