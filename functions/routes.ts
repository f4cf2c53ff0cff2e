import { catalog } from '../saga/catalog.ts';
import type { FunctionName } from '../saga/choreography.ts';
import { functionNames } from '../saga/choreography.ts';
import { AppError } from '../shared/core/errors.ts';
import { addDeadLetterRoutes } from '../shared/runtime/dead-letters/routes.ts';
import type { DeadLetterLimits } from '../shared/runtime/dead-letters/settings.ts';
import type { App } from '../shared/runtime/http/app.ts';
import { createFunctionApp } from '../shared/runtime/http/operations-routes.ts';
import type { Logger } from '../shared/runtime/observe/logger.ts';
import type { Wait } from '../shared/runtime/why/waits.ts';
import type { FunctionContext } from '../shared/runtime/worker/function-context.ts';
import { addAllGroups } from './gateway/dead-letters.ts';
import { addInventoryRoutes } from './inventory/http.ts';
import { addNotificationRoutes } from './notification/http.ts';
import { addOrderRoutes } from './order/http.ts';
import { order } from './order/index.ts';
import { addOrderWhy } from './order/why.ts';

export interface RouteOptions {
  readonly defaultCurrency: string;
  /** Ends the streams, and the waiting for outcomes. */
  readonly stopping: AbortSignal;
  /** What an order, or a product, waits for at the function. */
  readonly waitsOf: (key: string) => Promise<readonly Wait[]>;
}

/** Adds the routes that a function has besides those of every function. */
export function addRoutes(name: FunctionName, app: App, context: FunctionContext, options: RouteOptions): void {
  if (name === 'order') {
    addOrderRoutes(app, context, options.defaultCurrency, options.stopping);
    addOrderWhy(app, context, options.waitsOf);
  }
  if (name === 'inventory') addInventoryRoutes(app, context);
  if (name === 'notification') addNotificationRoutes(app, context, options.stopping);
}

/** The OpenAPI 3.1 document of the whole store, made from the routes themselves; it needs none of the functions to run. */
export function openapiDocument(logger: Logger, options: { automation: boolean; operations: boolean }): object {
  const { automation, operations } = options;
  const stopping = new AbortController().signal;
  const idle = { seed: async () => [], clear: async () => undefined };
  const app = createFunctionApp(
    {
      name: 'store',
      unavailableReason: async () => null,
      metrics: async () => '',
      automation: automation ? idle : null,
    },
    logger,
  );
  for (const name of functionNames) {
    addRoutes(name, app, idleContext, { defaultCurrency: 'EUR', stopping, waitsOf: async () => [] });
  }
  if (operations) {
    addDeadLetterRoutes(app, { fn: order, context: idleContext, limits: noLimits, stopping });
    addAllGroups(app, {});
  }
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'saga-store',
      version: '1',
      description: 'An idempotent, saga-based online store. Errors are application/problem+json (RFC 9457).',
    },
  });
}

const noLimits: DeadLetterLimits = { replaysMax: 0, perSecond: 0, windowMs: 0 };

const idleContext: FunctionContext = {
  catalog,
  get store(): never {
    throw new AppError('unavailable', 'this app only documents its routes');
  },
  get clock(): never {
    throw new AppError('unavailable', 'this app only documents its routes');
  },
  submit: () => Promise.reject(new AppError('unavailable', 'this app only documents its routes')),
  dryRun: () => Promise.reject(new AppError('unavailable', 'this app only documents its routes')),
  invalidateParked: async () => undefined,
  onCommit: () => () => undefined,
};
