/** Appends commands to a topic, as another system would: CloudEvents in JSON, one or an array of them. */
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { topicFile } from '../../functions/engine.ts';
import { type Config, readConfig } from '../../functions/settings.ts';
import { openStoreLog } from '../../functions/store-log.ts';
import { publicTopics, topics } from '../../saga/choreography.ts';
import { safeParseInput } from '../../shared/core/issue-sentence.ts';
import type { OutsideMessage } from '../../shared/core/message.ts';
import { printable } from '../../shared/core/printable.ts';
import { utcTimeOf } from '../../shared/core/utc-time.ts';
import { pointerTo } from '../../shared/runtime/http/problem.ts';
import { jsonText, runAsMain, runCommand, toolCommand } from './command-line.ts';
import { StoreError, scriptFor, type Terminal, UsageError } from './store-client.ts';
import { jsonIn, standardInput, textIn, textOfFile } from './text-input.ts';

const exampleFor = (env: Terminal['env']) => `
Example:
  echo '{"id": "c-1", "source": "/import", "type": "PlaceOrder", "subject": "ORDER_003",
    "data": {"orderId": "ORDER_003", "customerId": "CUSTOMER_001", "currency": "EUR",
      "lines": [{"productId": "PRODUCT_001", "quantity": 1, "priceMinor": 1000}]}}' | ${scriptFor(env, 'produce', 'order-commands', '-')}

The topic is a file in DATA_DIR (./data by default), or with LOG=kafka at the brokers of KAFKA_BROKERS. A second event with
the same id and source is a duplicate and changes nothing. An event that order cannot handle becomes a dead letter. The
attributes time and subject are optional: an order is placed when the store receives the event, and the event's own time is
shown as requestedAt.`;

const INPUT = 'standard input';
const textSchema = z.string().min(1).max(256);
/** Errors of an input that are shown. */
const ERRORS_MAX = 50;
const JSON_TYPE = /^(?:application|text)\/(?:[\w.-]+\+)?json(?:\s*;.*)?$/i;
/** What CloudEvents allows as the name of an attribute. */
const ATTRIBUTE = /^[a-z0-9]+$/;

/** CloudEvents 1.0: an attribute that is null is not set. */
const attributesSchema = z
  .looseObject({
    specversion: z.literal('1.0').nullish(),
    id: textSchema,
    source: textSchema,
    type: textSchema,
    time: z
      .string()
      .refine((text) => utcTimeOf(text) !== null, 'must be a time of RFC 3339')
      .nullish(),
    subject: textSchema.nullish(),
    datacontenttype: z.string().regex(JSON_TYPE, 'must be application/json').nullish(),
    partitionkey: textSchema.nullish(),
    correlationid: textSchema.nullish(),
    causationid: textSchema.nullish(),
    schemaversion: z.int().min(1).nullish(),
    traceparent: textSchema.nullish(),
    data: z.unknown().refine((data) => data !== undefined, 'must be there'),
  })
  .transform(asWritten);

/** An attribute that cannot be kept is refused, before anything is left out. */
const eventSchema = z
  .unknown()
  .superRefine((event, context) => {
    for (const [name, value] of Object.entries(Array.isArray(event) ? {} : (event ?? {}))) {
      if (name === 'data') continue;
      const message = ATTRIBUTE.test(name)
        ? 'must be a text, a number, or true or false'
        : 'is no attribute: a name has lower-case letters and digits alone';
      if (!ATTRIBUTE.test(name) || (typeof value === 'object' && value !== null)) {
        context.addIssue({ code: 'custom', path: [name], message });
      }
    }
  })
  .pipe(attributesSchema);

/** @throws StoreError when the topic is not public or an event is invalid; then nothing is written */
export async function produce(
  args: readonly string[],
  terminal: Terminal,
  readInput: () => Promise<Uint8Array> = standardInput,
): Promise<void> {
  const command = toolCommand('produce', terminal)
    .description('Appends CloudEvents to a public topic.')
    .argument('<topic>', `one of ${publicTopics.join(', ')}`)
    .argument('<file>', 'a file with a JSON object or an array of them; - reads standard input')
    .option('--json', 'print what was written as JSON')
    .addHelpText('after', exampleFor(terminal.env))
    .action(async (topic: string, from: string, { json = false }: { json?: boolean }) => {
      const count = await append(
        topic,
        async () =>
          from === '-' ? readEvents(textIn(await readInput(), INPUT), INPUT) : readEvents(await textOfFile(from), from),
        terminal,
      );
      const place = placeOf(topic, readConfig(terminal.env));
      const what = `${count} ${count === 1 ? 'message is' : 'messages are'} in ${topic}: ${printable(place)}`;
      terminal.out(json ? jsonText({ topic, messages: count, place }, 0) : what);
    });
  await runCommand(command, args, terminal);
}

/** Where the messages are, for a person: a file, or brokers. */
function placeOf(topic: string, { LOG, DATA_DIR, KAFKA_BROKERS, KAFKA_TOPIC_PREFIX }: Config): string {
  if (LOG === 'embedded') return topicFile(DATA_DIR, topic);
  return `topic ${KAFKA_TOPIC_PREFIX}${topic} of Kafka at ${KAFKA_BROKERS.join(', ')}`;
}

/** @returns how many messages were written */
async function append(
  topic: string,
  read: () => Promise<readonly OutsideMessage[]>,
  { env }: Terminal,
): Promise<number> {
  if (!publicTopics.includes(topic)) {
    const why = Object.hasOwn(topics, topic)
      ? `only its own function writes to ${topic}`
      : `there is no topic ${printable(topic)}`;
    throw new UsageError(`${why}; public topics: ${publicTopics.join(', ')}`);
  }
  const config = readConfig(env);
  const folder = resolve(config.DATA_DIR);
  // What is written into a folder of no store is read by none.
  if (config.LOG === 'embedded') assertFolder(folder);
  const messages = await read();
  const { log } = await openStoreLog(config, []);
  try {
    await log.append(topic, messages);
  } finally {
    await log.close();
  }
  return messages.length;
}

function assertFolder(folder: string): void {
  if (!existsSync(folder)) {
    throw new StoreError(
      `DATA_DIR: there is no data folder ${folder}. Start the store first, or set it to that of one.`,
    );
  }
  if (!statSync(folder).isDirectory()) {
    throw new StoreError(`DATA_DIR: ${folder} is a file and no data folder. Set it to the data folder of a store.`);
  }
}

/** `name`: where the text comes from. */
function readEvents(json: string, name: string): readonly OutsideMessage[] {
  const value = jsonIn(json, name);
  const schema = Array.isArray(value) ? z.array(eventSchema).min(1) : eventSchema;
  const parsed = safeParseInput(schema, value);
  if (parsed.success) return [parsed.data].flat();
  const errors = parsed.error.issues.map(({ path, message }) => printable(`  ${pointerTo(path) || '/'} ${message}`));
  throw new StoreError(`These are not CloudEvents; nothing was written.\n${errors.slice(0, ERRORS_MAX).join('\n')}`);
}

/** The event with the attributes that are set, also those that the store does not know. */
function asWritten(event: Readonly<Record<string, unknown>>): OutsideMessage {
  const isSet = ([name, value]: readonly [string, unknown]) => name !== 'data' && value !== null && value !== undefined;
  const attributes: Readonly<Record<string, unknown>> = Object.fromEntries(Object.entries(event).filter(isSet));
  const { id, subject } = attributes;
  const defaults = { partitionkey: subject, correlationid: id, causationid: id, schemaversion: 1 };
  return { specversion: '1.0', ...defaults, ...attributes, data: event['data'] } as unknown as OutsideMessage;
}

await runAsMain(import.meta.url, produce);
