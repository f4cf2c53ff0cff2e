import { z } from '@hono/zod-openapi';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { AppError } from '../../core/errors.ts';
import type { Logger } from '../observe/logger.ts';
import { type App, addPath, answers, createApp } from './app.ts';

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

/** The answer of `/livez` and `/readyz`. */
const statusSchema = z
  .object({
    status: z.literal('ok'),
    function: z.string().openapi({ description: 'What answers: the gateway, or a function' }),
  })
  .openapi('Status', { example: { status: 'ok', function: 'gateway' } });
const seededSchema = z
  .object({ seeded: z.array(z.string()).openapi({ description: 'The ids of the example data' }) })
  .openapi('Seeded', { example: { seeded: ['PRODUCT_001', 'PRODUCT_002'] } });
const readySchema = z.object({ ready: z.literal(true) }).openapi('Ready');

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
      operationId: 'getLiveness',
      summary: 'Whether the process runs',
      description: 'Answers as long as the process does; restart it when this does not answer.',
      needsData: false,
      responses: { 200: answers('The process runs', statusSchema) },
      handler: (c) => c.json({ status: 'ok', function: name }),
    },
  });
  addPath(app, tag, '/readyz', {
    get: {
      operationId: 'getReadiness',
      summary: 'Whether the function can work; 503 with the reason when it cannot',
      description: 'At the gateway: whether it takes requests. An unavailable function does not affect the others.',
      responses: { 200: answers('The function can work', statusSchema) },
      handler: async (c) => {
        await assertReady(operations);
        return c.json({ status: 'ok', function: name });
      },
    },
  });
  addPath(app, tag, '/metrics', {
    get: {
      operationId: 'getMetrics',
      summary: 'Metrics in the text format of Prometheus',
      description: 'At a function those of the function and of its process, at the gateway those of its process.',
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
      operationId: 'seedExamples',
      summary: 'Adds the example data; a second call changes nothing',
      description: 'At the gateway those of all functions. Only with ENABLE_AUTOMATION=true.',
      responses: { 200: answers('The ids of the example data', seededSchema) },
      takesBody: false,
      handler: async (c) => c.json({ seeded: await seed() }),
    },
  });
  addPath(app, tag, '/automation-testing/ready', {
    get: {
      operationId: 'getTestReadiness',
      summary: 'Whether tests can start',
      description: 'At the gateway whether all functions are ready. Only with ENABLE_AUTOMATION=true.',
      responses: { 200: answers('Tests can start', readySchema) },
      handler: async (c) => {
        await assertReady(operations);
        return c.json({ ready: true });
      },
    },
  });
  addPath(app, tag, '/automation-testing/all', {
    delete: {
      operationId: 'removeAllData',
      summary: 'Removes all data, so that the next test run starts empty',
      description: 'At the gateway those of all functions, at a function its own. Only with ENABLE_AUTOMATION=true.',
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
