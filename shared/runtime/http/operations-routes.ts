import { z } from '@hono/zod-openapi';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { AppError } from '../../core/errors.ts';
import type { Logger } from '../observe/logger.ts';
import { type App, addPath, answers, createApp, problems } from './app.ts';

/** What the routes that every function has call. */
export interface FunctionOperations {
  readonly name: string;
  /** Why the function cannot work now; null when it can. */
  unavailableReason(): Promise<string | null>;
  /** The metrics in Prometheus' text format. */
  metrics(): Promise<string>;
  /** Null when test automation is off. */
  readonly automation: {
    /** Returns the ids of the examples, whether they existed or were added. */
    seed(): Promise<readonly string[]>;
    clear(): Promise<void>;
  } | null;
}

const statusSchema = z.object({ status: z.string() }).openapi('Status');

let processRegistry: Registry | null = null;

/** The metrics of the process, shared by all functions in it. */
export async function processMetrics(): Promise<string> {
  if (processRegistry === null) {
    processRegistry = new Registry();
    collectDefaultMetrics({ register: processRegistry });
  }
  return processRegistry.metrics();
}

/** An app with health, metrics and test automation; the function adds its own routes. */
export function createFunctionApp(operations: FunctionOperations, logger: Logger): App {
  const app = createApp(logger);
  const { name } = operations;
  const tag = 'Operations';
  addPath(app, tag, '/livez', {
    get: {
      summary: 'Whether the process runs',
      responses: { 200: answers('The process runs', statusSchema) },
      handler: (c) => c.json({ status: 'ok', function: name }),
    },
  });
  addPath(app, tag, '/readyz', {
    get: {
      summary: 'Whether the function can work; 503 with the reason when it cannot',
      responses: { 200: answers('The function can work', statusSchema), ...problems(503) },
      handler: async (c) => {
        await assertReady(operations);
        return c.json({ status: 'ok', function: name });
      },
    },
  });
  addPath(app, tag, '/metrics', {
    get: {
      summary: 'Metrics in the text format of Prometheus',
      responses: { 200: answers('Metrics', z.string(), 'text/plain') },
      handler: async (c) => c.text(`${await operations.metrics()}\n${await processMetrics()}`),
    },
  });
  if (operations.automation !== null) addAutomation(app, operations, operations.automation);
  return app;
}

function addAutomation(
  app: App,
  operations: FunctionOperations,
  { seed, clear }: NonNullable<FunctionOperations['automation']>,
): void {
  const tag = 'Test automation';
  addPath(app, tag, '/automation-testing/seed', {
    post: {
      summary: 'Adds the example data; a second call changes nothing',
      responses: { 200: answers('The ids of the example data', z.object({ seeded: z.array(z.string()) })) },
      handler: async (c) => c.json({ seeded: await seed() }),
    },
  });
  addPath(app, tag, '/automation-testing/ready', {
    get: {
      summary: 'Whether tests can start',
      responses: { 200: answers('Tests can start', z.object({ ready: z.boolean() })), ...problems(503) },
      handler: async (c) => {
        await assertReady(operations);
        return c.json({ ready: true });
      },
    },
  });
  addPath(app, tag, '/automation-testing/all', {
    delete: {
      summary: 'Removes all data, so that the next test run starts empty',
      responses: { 204: { description: 'Removed' } },
      handler: async (c) => {
        await clear();
        return c.body(null, 204);
      },
    },
  });
}

async function assertReady({ name, unavailableReason }: FunctionOperations): Promise<void> {
  const why = await unavailableReason();
  if (why !== null) throw new AppError('unavailable', `${name} is not ready: ${why}`, { retryAfterS: 1 });
}
