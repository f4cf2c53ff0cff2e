/** The routes by which a test breaks a function and heals it. They are there only where faults are allowed. */
import { z } from '@hono/zod-openapi';
import { AppError } from '../../core/errors.ts';
import { type App, type AppContext, addPath, answers, locationHeader, readBody } from '../http/app.ts';
import { problemResponse } from '../http/problem.ts';
import type { FaultInjection } from './fault-injection.ts';
import { type CrashBody, crashSchema, faultsRequest, faultsSchema } from './fault-representation.ts';

const TAG = 'Test automation';
const FAULTS_PATH = '/automation-testing/faults';
const CRASH_PATH = '/automation-testing/crash';
const ONLY_IN_TESTS = 'Only with ENABLE_AUTOMATION=true, and not in production.';
const requestBody = { content: { 'application/json': { schema: faultsRequest } } };
const ofFunction = z.object({
  function: z.string().openapi({ description: 'The name of the function', example: 'inventory' }),
});

/** How the process of a function crashes. */
export interface Crash extends Readonly<CrashBody> {
  /** Ends the process as a crash does, once the answer to the caller is on its way. */
  start(): void;
}

/** Adds the faults of one function, by its name: the same paths as at the gateway. */
export function addFaultRoutes(app: App, faults: FaultInjection): void {
  addPath(app, TAG, `${FAULTS_PATH}/{function}`, {
    get: {
      operationId: 'getFaults',
      summary: 'The faults that are injected into a function',
      description: `With the time at which it is back, where it is away. ${ONLY_IN_TESTS}`,
      request: { params: ofFunction },
      responses: { 200: answers('All current faults', faultsSchema) },
      handler: (c) => c.json(assertOwn(c, faults.name) && faults.current),
    },
    put: {
      operationId: 'injectFaults',
      summary: 'Inject faults into a function: a full disk, a wrong clock, failing messages or calls, or its absence',
      description:
        'What is left out stays as it is. A function that is away reads nothing and answers 503, but to this path and /livez. A ' +
        `restart of the function heals it. ${ONLY_IN_TESTS}`,
      request: { params: ofFunction, body: requestBody },
      responses: { 200: answers('All current faults', faultsSchema) },
      handler: async (c) => {
        assertOwn(c, faults.name);
        return c.json(faults.set(await readBody(c, faultsRequest)));
      },
    },
    delete: {
      operationId: 'healFaults',
      summary: 'Heal a function: none of its faults is left',
      description: `Also where it has none. ${ONLY_IN_TESTS}`,
      request: { params: ofFunction },
      responses: { 200: answers('Its faults, which are none', faultsSchema) },
      takesBody: false,
      handler: (c) => c.json(assertOwn(c, faults.name) && faults.heal()),
    },
  });
}

/** Adds `POST /automation-testing/faults`, which only functions answer: for tools that know one function by its address. */
export function addOwnFaultRoute(app: App, faults: FaultInjection): void {
  addPath(app, TAG, FAULTS_PATH, {
    post: {
      operationId: 'setFaults',
      description: `At a function alone. What is left out stays as it is. ${ONLY_IN_TESTS}`,
      summary:
        'Shifts the clock of this function, fills its disk, sends it away, or lets it, or its calls to the outside world, ' +
        'fail on a subject or a share of all subjects; a restart clears it',
      request: { body: requestBody },
      responses: { 200: answers('All current faults', faultsSchema) },
      handler: async (c) => c.json(faults.set(await readBody(c, faultsRequest))),
    },
  });
}

/** Adds `POST /automation-testing/crash/{function}`. */
export function addCrashRoute(app: App, name: string, { takes, restarts, start }: Crash): void {
  addPath(app, TAG, `${CRASH_PATH}/{function}`, {
    post: {
      operationId: 'crashFunction',
      summary: 'Crash the process of a function: it ends with exit code 86 and cleans nothing up',
      description:
        'With all other parts that run in the same process. The answer is sent before. What `npm start` and `npm run ' +
        `start-service-*\` have started is started again. ${ONLY_IN_TESTS}`,
      request: { params: ofFunction },
      responses: {
        202: answers('The process ends now', crashSchema, 'application/json', {
          ...locationHeader('what tells when the function is back', '/readyz'),
        }),
      },
      takesBody: false,
      handler: (c) => {
        assertOwn(c, name);
        start();
        return c.json({ takes: [...takes], restarts }, 202, { location: '/readyz' });
      },
    },
  });
}

/**
 * Lets a function that is away answer 503 to all but what heals or crashes it, and what only asks whether its process runs. Streams
 * that are open end when it goes away: their clients see that it is gone, as they would see it of a process.
 */
export function refuseWhileAway(app: App, faults: FaultInjection): void {
  const { fetch } = app;
  app.fetch = (request, ...rest) => {
    if (faults.isAway && !isAnsweredAway(new URL(request.url).pathname)) return problemResponse(faults.awayProblem());
    const answer = fetch(request, ...rest);
    if (!STREAM.test(request.url)) return answer;
    return Promise.resolve(answer).then((response) => endedBy(faults.leaving, response));
  };
}

/** The address of an answer that does not end by itself. */
const STREAM = /\/stream(?:\?|$)/;

function endedBy(leaving: AbortSignal, response: Response): Response {
  if (response.body === null) return response;
  const reader = response.body.getReader();
  let end: () => void = () => undefined;
  const rest = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        end = () => {
          controller.close();
          void reader.cancel();
        };
        leaving.addEventListener('abort', end);
      },
      async pull(controller) {
        const { done, value } = await reader.read();
        if (leaving.aborted) return;
        if (!done) return controller.enqueue(value);
        leaving.removeEventListener('abort', end);
        controller.close();
      },
      cancel(reason) {
        leaving.removeEventListener('abort', end);
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(rest, response);
}

function isAnsweredAway(path: string): boolean {
  return path === '/livez' || [FAULTS_PATH, CRASH_PATH].some((each) => path === each || path.startsWith(`${each}/`));
}

/** @throws {AppError} `not_found` for the name of another function. */
function assertOwn(c: AppContext, name: string): true {
  const asked = c.req.param('function') ?? '';
  if (asked === name) return true;
  throw new AppError('not_found', `there is no function ${asked.slice(0, 64)} here; this is ${name}`);
}
