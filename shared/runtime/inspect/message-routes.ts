import { z } from '@hono/zod-openapi';
import { parseJson } from '../../core/json.ts';
import { textSchema } from '../../core/text-length.ts';
import { operatorsOnly } from '../dead-letters/routes.ts';
import { type App, type AppContext, addPath, answers, readQuery } from '../http/app.ts';
import { cursorOf, pageLinks, pageQuery, placeOf } from '../http/paging.ts';
import { browseTopic, firstPositionWhen, type Places } from './browse-topic.ts';
import { assertOwn, INSPECT_TAG, ofFunction } from './function-path.ts';
import type { Inspected } from './inspected.ts';
import { keyIn, messageBody, type StoredMessage } from './message-body.ts';
import { type MessageSource, sourceOf } from './message-source.ts';
import { messagesSchema } from './representation.ts';

const POSITION = '(?:0|[1-9]\\d{0,14})';
/** A day of the calendar: the pattern without its anchors. */
const DAY = z.regexes.date.source.slice(1, -1);
const TIME = `${DAY}T(?:[01]\\d|2[0-3]):[0-5]\\d(?::[0-5]\\d(?:\\.\\d{3})?)?Z`;

export const ofTopic = z.object({
  topic: z.string().openapi({ description: 'The name of the topic', example: 'order-events' }),
});

/** The filters of a page of a topic. There are no scripts: what is given has to be equal. */
export const messagesQuery = z.strictObject({
  partition: z
    .string()
    .regex(/^(?:0|[1-9]\d{0,5})$/, 'must be the number of a partition')
    .transform(Number)
    .optional()
    .openapi({ type: 'integer', minimum: 0, maximum: 999_999, description: 'Only this partition' }),
  type: textSchema(1, 256).optional().openapi({ description: 'Only messages of this type' }),
  key: textSchema(1, 256).optional().openapi({ description: 'Only messages of this partition key' }),
  from: z
    .string()
    .regex(
      new RegExp(`^(?:${POSITION}|${TIME})$`),
      'must be a position, or a time in UTC such as 2026-01-31T12:00:00Z, on a day that exists',
    )
    .optional()
    .openapi({
      description:
        'Where to begin, with what lies there: a position, or a time. Without it: at the newest message, or the oldest',
    }),
  order: z.enum(['asc', 'desc']).default('desc').openapi({ description: '`desc`: the newest first' }),
  ...pageQuery,
});
type MessagesQuery = z.infer<typeof messagesQuery>;

/** What the answer is, at a function and at the gateway. */
export const messagesAnswer = answers('A page of messages', messagesSchema);

export function addMessages(app: App, inspected: Inspected): void {
  addPath(app, INSPECT_TAG, '/operations/{function}/topics/{topic}/messages', {
    get: {
      operationId: 'listMessagesOfFunction',
      summary: 'Messages of a topic that this function writes or reads, the newest first',
      description: 'The gateway has GET /operations/topics/{topic}/messages, which asks the right one.',
      request: { params: ofFunction.extend(ofTopic.shape), query: messagesQuery },
      security: operatorsOnly,
      responses: { 200: messagesAnswer },
      handler: async (c) => {
        assertOwn(c, inspected);
        return c.json(await pageOf(c, inspected));
      },
    },
  });
}

async function pageOf(c: AppContext, inspected: Inspected) {
  const topic = c.req.param('topic') ?? '';
  const query = readQuery(c, messagesQuery);
  const { cursor, limit, order, partition, type, key } = query;
  const source = sourceOf(inspected, topic, query);
  const list = { name: `messages of ${topic}`, filters: { partition, type, key, from: query.from, order } };
  const isBackwards = order === 'desc';
  const place = placeOf(cursor, list, 'text');
  const places = place === undefined ? await placesFor(source, query) : placesIn(source, String(place[0]));
  const matches = matcherOf(query);
  const { messages, scanned, next } = await browseTopic(source, { places, isBackwards, limit, matches });
  return {
    messages: messages.map(messageBody),
    scanned,
    isWhole: next === null,
    _links: pageLinks(c.req.url, next === null ? null : cursorOf(list, [textOf(source, next)])),
  };
}

function matcherOf({ partition, type, key }: MessagesQuery): (message: StoredMessage) => boolean {
  return ({ partition: lane, attributes }) =>
    (partition === undefined || lane === partition) &&
    (type === undefined || attributes['type'] === type) &&
    (key === undefined || keyIn(attributes) === key);
}

async function placesFor(source: MessageSource, { from, order }: MessagesQuery): Promise<Places> {
  if (from === undefined) return new Map();
  if (/^\d{1,15}$/.test(from)) return new Map(source.sequences.map((sequence) => [sequence, Number(from)]));
  // As far as the time is given: `12:00` begins with the first message of that minute, and ends with its last.
  const text = from.slice(0, -1);
  const isThen = (time: string) =>
    order === 'asc' ? time.slice(0, text.length) >= text : time.slice(0, text.length) > text;
  const places = new Map<number, number>();
  for (const sequence of source.sequences) {
    const first = await firstPositionWhen(source, sequence, isThen);
    places.set(sequence, order === 'asc' ? first : first - 1);
  }
  return places;
}

const placesSchema = z.array(z.int().min(0).nullable());

/** In few characters: a topic may have many partitions. */
function textOf({ sequences }: MessageSource, places: Places): string {
  return JSON.stringify(sequences.map((sequence) => places.get(sequence) ?? null));
}

/** The cursor was made here, which its digest shows; what is in it is checked all the same. */
function placesIn({ sequences }: MessageSource, text: string): Places {
  const parsed = placesSchema.safeParse(parseJson(text));
  const places = parsed.success ? parsed.data : [];
  return new Map(sequences.map((sequence, n) => [sequence, places[n] ?? null]));
}
