/** The messages of a topic, from the function that can tell: its writer, or else one that reads it. */
import type { z } from '@hono/zod-openapi';
import { AppError } from '../../shared/core/errors.ts';
import { operatorsOnly } from '../../shared/runtime/dead-letters/routes.ts';
import { type App, type AppContext, addPath, readQuery } from '../../shared/runtime/http/app.ts';
import { pageLinks } from '../../shared/runtime/http/paging.ts';
import { INSPECT_TAG } from '../../shared/runtime/inspect/function-path.ts';
import { messagesAnswer, messagesQuery, ofTopic } from '../../shared/runtime/inspect/message-routes.ts';
import { messagesSchema } from '../../shared/runtime/inspect/representation.ts';
import { askPart, forwarded } from './forward.ts';
import { forOperators, type OperationsOptions } from './operations-guard.ts';
import { noAnswerOf } from './operations-parts.ts';

export function addTopicMessages(app: App, options: OperationsOptions): void {
  addPath(app, INSPECT_TAG, '/operations/topics/{topic}/messages', {
    get: {
      operationId: 'listMessages',
      summary: 'Messages of a topic, the newest first, or those that match the filters',
      description:
        'At the gateway. At most 10,000 messages are looked at for a page: `scanned` says how many, and `_links.next` goes on ' +
        'until `isWhole`. Positions are those of the writer, also where the messages are sent on to another log.',
      request: { params: ofTopic, query: messagesQuery },
      security: operatorsOnly,
      responses: { 200: messagesAnswer },
      handler: forOperators(options, (c) => messagesOf(c, options)),
    },
  });
}

async function messagesOf(c: AppContext, { upstreams, store }: OperationsOptions): Promise<Response> {
  const name = c.req.param('topic') ?? '';
  const topic = store.saga.topics.find((each) => each.name === name);
  if (topic === undefined) {
    const known = store.saga.topics.map((each) => each.name).join(', ');
    throw new AppError('not_found', `there is no topic ${name.slice(0, 64)}; the topics are ${known}`);
  }
  readQuery(c, messagesQuery);
  const { search } = new URL(c.req.url);
  for (const teller of [...(topic.writer === null ? [] : [topic.writer]), ...topic.readers]) {
    const upstream = upstreams.find((each) => each.name === teller);
    if (upstream === undefined) continue;
    const request = forwarded(c, 'GET', `/operations/${teller}/topics/${name}/messages${search}`);
    const { response } = await askPart(c, upstream, request);
    // A reader knows only public topics where messages are sent on.
    if (response === null || response.status === 404) continue;
    if (!response.ok) return response;
    return c.json(withOwnLinks(c, messagesSchema.parse(await response.json())));
  }
  const tellers = topic.writer === null ? topic.readers : [topic.writer];
  throw new AppError('unavailable', `what lies in ${name} is not known: ${noAnswerOf(tellers)}`, { retryAfterS: 2 });
}

/** The links of a function lead to the function; the cursor in them is taken over. */
function withOwnLinks(c: AppContext, page: z.infer<typeof messagesSchema>) {
  const next = page._links['next'];
  const cursor = next === undefined ? null : new URL(next.href, c.req.url).searchParams.get('cursor');
  return { ...page, _links: pageLinks(c.req.url, cursor) };
}
