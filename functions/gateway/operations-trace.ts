/** Traces of a key, and single messages, with who has read them. */
import { AppError } from '../../shared/core/errors.ts';
import { CLIENT_SOURCE } from '../../shared/core/message.ts';
import { operatorsOnly } from '../../shared/runtime/dead-letters/routes.ts';
import { type App, type AppContext, addPath, answers, readQuery } from '../../shared/runtime/http/app.ts';
import { INSPECT_TAG } from '../../shared/runtime/inspect/function-path.ts';
import {
  ASKED_MAX,
  type AskedBody,
  functionTraceSchema,
  type ReadsBody,
  readsSchema,
} from '../../shared/runtime/inspect/part-representation.ts';
import {
  type FoundMessageBody,
  foundMessageSchema,
  type TraceBody,
  traceSchema,
} from '../../shared/runtime/inspect/trace-representation.ts';
import { foundSchema, hintsQuery, ofKey, ofMessage } from '../../shared/runtime/inspect/trace-routes.ts';
import { forOperators, type OperationsOptions } from './operations-guard.ts';
import { askParts, noAnswerOf } from './operations-parts.ts';
import { draftOf, draftsOf, questionsFor, readsOf, traceNodes } from './trace.ts';

type Told = ReadonlyMap<string, ReadonlyMap<string, ReadsBody['reads'][number]>>;

export function addTraces(app: App, options: OperationsOptions): void {
  addPath(app, INSPECT_TAG, '/operations/trace/{key}', {
    get: {
      operationId: 'traceKey',
      summary: 'Every message about a key and who has read it, in causal order',
      description:
        'At the gateway. Functions that do not answer are in `away`; what they wrote is missing, or there without its message. ' +
        'A key of which nothing is known has no nodes.',
      request: { params: ofKey },
      security: operatorsOnly,
      responses: { 200: answers('The trace', traceSchema) },
      handler: forOperators(options, async (c) => c.json(await traceOf(c, options, c.req.param('key') ?? ''))),
    },
  });
  addPath(app, INSPECT_TAG, '/operations/messages/{id}', {
    get: {
      operationId: 'getMessage',
      summary: 'One message, where it lies, and who has read it',
      description:
        'At the gateway. A command that came by HTTP is not stored: `message` is null. An old message whose id tells no time is ' +
        'found with its key, or with its topic and position.',
      request: { params: ofMessage, query: hintsQuery },
      security: operatorsOnly,
      responses: { 200: answers('The message', foundMessageSchema) },
      handler: forOperators(options, async (c) => c.json(await messageOf(c, options, c.req.param('id') ?? ''))),
    },
  });
}

async function traceOf(c: AppContext, options: OperationsOptions, key: string): Promise<TraceBody> {
  const { upstreams, store } = options;
  const path = (name: string) => `/operations/${name}/trace/${encodeURIComponent(key)}`;
  const { parts, away } = await askParts(c, upstreams, functionTraceSchema, (name) => ({ path: path(name) }));
  const drafts = draftsOf(parts, store.saga);
  const names = parts.map(({ name }) => name);
  const questions = new Map(names.map((name) => [name, questionsFor(drafts, name, ASKED_MAX)]));
  const told = await tellReads(c, options, questions);
  const awayNames = away.map(({ name }) => name);
  return {
    nodes: [...traceNodes(drafts, told, store.saga, awayNames)],
    away: awayNames,
    isWhole: parts.every(({ body }) => body.isWhole),
  };
}

async function messageOf(c: AppContext, options: OperationsOptions, id: string): Promise<FoundMessageBody> {
  const { upstreams, store } = options;
  readQuery(c, hintsQuery);
  const { search } = new URL(c.req.url);
  const path = (name: string) => `/operations/${name}/messages/${encodeURIComponent(id)}${search}`;
  const { parts, away } = await askParts(c, upstreams, foundSchema, (name) => ({ path: path(name) }));
  const awayNames = away.map(({ name }) => name);
  const found = parts.flatMap(({ body }) => body.found ?? [])[0];
  if (found === undefined) return commandOf(c, options, id, awayNames);
  const draft = draftOf(found, store.saga);
  const asked = parts.map(({ name }) => [name, questionsFor([draft], name, ASKED_MAX)] as const);
  const reads = readsOf(draft, await tellReads(c, options, new Map(asked)));
  const { message, topic } = found;
  return { message, topic, position: message.position, reads, away: awayNames };
}

/** A command of a client, of which only the inbox knows. @throws {AppError} `not_found`, `unavailable` where one does not answer */
async function commandOf(
  c: AppContext,
  options: OperationsOptions,
  id: string,
  away: string[],
): Promise<FoundMessageBody> {
  const place = { topic: null, epoch: '', position: 0, delivered: null };
  const asked: AskedBody = { id, source: CLIENT_SOURCE, key: '-', ...place };
  const names = options.upstreams.map(({ name }) => name).filter((name) => !away.includes(name));
  const told = await tellReads(c, options, new Map(names.map((name) => [name, [[asked]]])));
  const reads = names.flatMap((by) => {
    const read = told.get(by)?.get(id);
    return read?.state ? [{ by, state: read.state, letter: read.letter }] : [];
  });
  if (reads.length > 0) return { message: null, topic: null, position: null, reads, away };
  const what = `no message ${id.slice(0, 64)} is found`;
  if (away.length > 0) throw new AppError('unavailable', `${what}, and ${noAnswerOf(away)}`, { retryAfterS: 2 });
  const advice = 'an old one may be found with its key, or its topic and position; or it was pruned';
  throw new AppError('not_found', `${what}: ${advice}`);
}

/** Asks each function its questions, one batch after the other. Who does not answer tells nothing. */
async function tellReads(
  c: AppContext,
  { upstreams }: OperationsOptions,
  questions: ReadonlyMap<string, readonly (readonly AskedBody[])[]>,
): Promise<Told> {
  const told = new Map<string, Map<string, ReadsBody['reads'][number]>>();
  const batches = Math.max(0, ...[...questions.values()].map(({ length }) => length));
  for (let batch = 0; batch < batches; batch++) {
    const askedOf = (name: string) => questions.get(name)?.[batch];
    const { parts } = await askParts(c, upstreams, readsSchema, (name) => {
      const messages = askedOf(name);
      return messages === undefined ? null : { path: `/operations/${name}/reads`, body: { messages } };
    });
    for (const { name, body } of parts) {
      const reads = told.get(name) ?? new Map();
      told.set(name, reads);
      for (const [n, { id }] of (askedOf(name) ?? []).entries()) reads.set(id, body.reads[n]);
    }
  }
  return told;
}
