import { catalog } from '../saga/catalog.ts';
import { AppError } from '../shared/core/errors.ts';
import { addDeadLetterRoutes } from '../shared/runtime/dead-letters/routes.ts';
import type { DeadLetterLimits } from '../shared/runtime/dead-letters/settings.ts';
import { createFunctionApp } from '../shared/runtime/http/operations-routes.ts';
import type { Logger } from '../shared/runtime/observe/logger.ts';
import type { FunctionContext } from '../shared/runtime/worker/function-context.ts';
import { addAllGroups } from './gateway/dead-letters.ts';
import { functionModules } from './registry.ts';
import type { Config } from './settings.ts';

/** The OpenAPI 3.1 document of the whole store, generated from the routes; no function has to run for it. */
export function openapiDocument(
  config: Config,
  logger: Logger,
  options: { readonly automation: boolean; readonly operations: boolean },
): object {
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
  for (const module of functionModules) {
    module.addRoutes(app, { context: idleContext, settings: config, stopping, waitsOf: async () => [] });
  }
  const [first] = functionModules;
  if (operations && first !== undefined) {
    addDeadLetterRoutes(app, { fn: first.create(config), context: idleContext, limits: noLimits, stopping });
    addAllGroups(app, []);
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

function onlyDocuments(): AppError {
  return new AppError('unavailable', 'this app only documents its routes');
}

const idleContext: FunctionContext = {
  catalog,
  get store(): never {
    throw onlyDocuments();
  },
  get clock(): never {
    throw onlyDocuments();
  },
  submit: () => Promise.reject(onlyDocuments()),
  dryRun: () => Promise.reject(onlyDocuments()),
  invalidateParked: async () => undefined,
  onCommit: () => () => undefined,
};
