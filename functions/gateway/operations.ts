/** The operations API of the whole store: what each function says of itself, put together. */

import { operatorsOnly } from '../../shared/runtime/dead-letters/routes.ts';
import { type App, type AppContext, addPath, answers } from '../../shared/runtime/http/app.ts';
import { INSPECT_TAG } from '../../shared/runtime/inspect/function-path.ts';
import {
  type FunctionBody,
  functionsSchema,
  type StatusBody,
  statusSchema,
  storeSchema,
  type TopicBody,
  topicsSchema,
} from '../../shared/runtime/inspect/representation.ts';
import { forOperators, type OperationsOptions } from './operations-guard.ts';
import { addTopicMessages } from './operations-messages.ts';
import { askParts, type Parts } from './operations-parts.ts';
import { addMergedStream } from './operations-stream.ts';
import { addTraces } from './operations-trace.ts';

/** The merged routes under `/operations`, before those that are forwarded to one function. `stopping` ends their streams. */
export function addOperations(app: App, options: OperationsOptions, stopping: AbortSignal): void {
  addStore(app, options);
  addFunctions(app, options);
  addTopics(app, options);
  addTopicMessages(app, options);
  addTraces(app, options);
  addMergedStream(app, options, stopping);
}

function addStore(app: App, options: OperationsOptions): void {
  addPath(app, INSPECT_TAG, '/operations/store', {
    get: {
      operationId: 'describeStore',
      summary: 'What the store is made of: version, engine, and the saga with its topics, steps and statuses',
      description: 'At the gateway. It does not change while the gateway runs.',
      security: operatorsOnly,
      responses: { 200: answers('The store', storeSchema) },
      handler: forOperators(options, (c) => c.json(options.store)),
    },
  });
}

function addFunctions(app: App, options: OperationsOptions): void {
  addPath(app, INSPECT_TAG, '/operations/functions', {
    get: {
      operationId: 'listFunctions',
      summary: 'The state of each function, in the order of the saga',
      description: 'At the gateway. A function that does not answer is `away`, and nothing else is known of it.',
      security: operatorsOnly,
      responses: { 200: answers('The functions', functionsSchema) },
      handler: forOperators(options, async (c) => {
        const statuses = await statusesOf(c, options);
        return c.json({ functions: options.upstreams.map(({ name }) => functionBody(name, statuses)) });
      }),
    },
  });
}

function addTopics(app: App, options: OperationsOptions): void {
  addPath(app, INSPECT_TAG, '/operations/topics', {
    get: {
      operationId: 'listTopics',
      summary: 'Every topic, and how far each function has read it, whether that runs or not',
      description: 'At the gateway. The writer of a topic is believed; where it does not answer, a reader is.',
      security: operatorsOnly,
      responses: { 200: answers('The topics', topicsSchema) },
      handler: forOperators(options, async (c) => {
        const statuses = await statusesOf(c, options);
        const topics = options.store.saga.topics.map((topic) => topicBody(topic, statuses));
        return c.json({ topics, away: statuses.away.map(({ name }) => name) });
      }),
    },
  });
}

function statusesOf(c: AppContext, { upstreams }: OperationsOptions): Promise<Parts<StatusBody>> {
  return askParts(c, upstreams, statusSchema, (name) => ({ path: `/operations/${name}/status` }));
}

/** One function as the gateway sees it. Its clock is compared with the middle of the time that the answer took. */
function functionBody(name: string, { parts, away }: Parts<StatusBody>): FunctionBody {
  const part = parts.find((each) => each.name === name);
  if (part === undefined) {
    const detail =
      away.find((each) => each.name === name)?.detail ?? `${name} has no such path; is it of an older version?`;
    const unknown = {
      startedAt: null,
      clockSkewMs: null,
      parked: null,
      deadLetters: null,
      commitMs: null,
      walBytes: null,
    };
    return { name, state: 'away', detail, ...unknown, pausedTopics: [], messages: {} };
  }
  const { at, topics: _, ...status } = part.body;
  return { ...status, clockSkewMs: Date.parse(at) - part.halfwayMs };
}

/** A topic by its writer; where that does not know, by another function, else without readers. */
function topicBody(
  { name, writer }: { readonly name: string; readonly writer: string | null },
  { parts }: Parts<StatusBody>,
): TopicBody {
  const told = parts.flatMap((part) =>
    part.body.topics.filter((topic) => topic.name === name).map((topic) => ({ by: part.name, topic })),
  );
  const ranked = told.sort((one, other) => rankOf(one) - rankOf(other));
  const best = ranked[0]?.topic;
  if (best !== undefined) return best;
  const detail = writer === null ? 'no function that reads it answers' : `${writer} does not answer`;
  return { name, writer, end: null, readers: [], detail };

  function rankOf({ by, topic }: (typeof told)[number]): number {
    return (topic.detail === null ? 0 : 2) + (by === writer ? 0 : 1);
  }
}
