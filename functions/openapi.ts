import { z } from '@hono/zod-openapi';
import { addDeadLetterRoutes } from '../shared/runtime/dead-letters/routes.ts';
import { type App, addPath, answers, createApp } from '../shared/runtime/http/app.ts';
import { createFunctionApp } from '../shared/runtime/http/operations-routes.ts';
import { operationsAccess } from '../shared/runtime/http/operator-auth.ts';
import { addInspectRoutes } from '../shared/runtime/inspect/routes.ts';
import type { Logger } from '../shared/runtime/observe/logger.ts';
import { addWhy } from '../shared/runtime/why/why-routes.ts';
import { addCrashRoute, addFaultRoutes, addOwnFaultRoute } from '../shared/runtime/worker/fault-routes.ts';
import { crashOf } from './crash.ts';
import { addAllGroups } from './gateway/dead-letters.ts';
import { addAllFaults } from './gateway/faults.ts';
import { addLoadRoutes, Loads } from './gateway/load.ts';
import { addOperations } from './gateway/operations.ts';
import { addSessionRoutes } from './gateway/session.ts';
import { idleContext, idleInspected, noClient, noFaults, noLimits, onlyDocuments } from './openapi-idle.ts';
import { functionModules } from './registry.ts';
import { allowsFaults, type Config, portOf } from './settings.ts';

import { storeDescription } from './store-description.ts';
import { VERSION } from './version.ts';

const DESCRIPTION = `An idempotent, saga-based online store.

- Bodies are JSON in UTF-8. No text may contain U+0000, neither in a body nor in the address. Errors are \`application/problem+json\` (RFC 9457): \`code\` is a stable word, \`detail\` says what to do, and \`errors\` points to the wrong fields.
- Ids that clients choose have 1 to 64 of \`A-Z a-z 0-9 . _ : -\`. Times are ISO 8601, UTC, with milliseconds. Amounts are decimals in major units, and strings in answers.
- Lists come in pages: follow the link \`next\` until there is none.
- A POST with an \`Idempotency-Key\` can be repeated. A repeat changes nothing and gets the first answer, with \`Idempotent-Replayed: true\`.
- \`X-Request-Id\` is taken from the request, or made, and is in every answer and log line. A \`traceparent\` is carried through the whole saga.
- A path answers HEAD where it answers GET, and other methods with 405 and \`Allow\`.
- The gateway answers all paths but those that name other servers; each function answers its own.`;

const TAGS: Readonly<Record<string, string>> = {
  Orders: 'Orders of customers, from being placed to their end',
  Stock: 'Products: what is there, what is reserved, and the ledger of each',
  Notifications: 'What customers are told about their orders, and what operators do about those that cannot be sent',
  'Dead letters': 'For operators: messages that could not be handled, and what to do about them',
  Inspection: 'For operators and the console: the state of the functions, what is in the topics, and who has read it',
  Operations: 'Health and metrics, at the gateway and at each function',
  'Test automation': 'Example data and faults for tests; only with ENABLE_AUTOMATION=true',
  Documentation: 'This document, and the page that shows it',
};

type Document = ReturnType<App['getOpenAPI31Document']>;

/** The OpenAPI 3.1 document of the whole store, generated from the routes; no function has to run for it. */
export function openapiDocument(
  config: Config,
  logger: Logger,
  options: { readonly automation: boolean; readonly operations: boolean },
): Readonly<Record<string, unknown>> {
  const info = { title: 'saga-store', version: VERSION, description: DESCRIPTION };
  const written = { openapi: '3.1.0', info };
  const document = storeApp(config, logger, options).getOpenAPI31Document(written);
  const atFunctions = functionApp(logger, hasFaults(config, options)).getOpenAPI31Document(written);
  const paths: NonNullable<Document['paths']> = { ...document.paths };
  for (const operation of operationsOf(atFunctions.paths ?? {})) operation.servers = functionServers(config);
  for (const [path, item] of Object.entries(atFunctions.paths ?? {})) paths[path] = { ...paths[path], ...item };
  const schemas = { ...atFunctions.components?.schemas, ...document.components?.schemas };
  addOwnCodes(schemas);
  nameFunctions(paths);
  const tags = Object.entries(TAGS).filter(([name]) =>
    operationsOf(paths).some(({ tags = [] }) => tags.includes(name)),
  );
  return {
    ...document,
    servers: [{ url: '/', description: 'The gateway' }],
    tags: tags.map(([name, description]) => ({ name, description })),
    paths,
    components: { schemas, ...(options.operations ? { securitySchemes: guardIn(paths, config) } : {}) },
  };
}

/** The document, which is made when it is first asked for: that takes a tenth of a second, and does not change. */
export function openapiSource(...parts: Parameters<typeof openapiDocument>): () => ReturnType<typeof openapiDocument> {
  let made: ReturnType<typeof openapiDocument> | null = null;
  return () => {
    made ??= openapiDocument(...parts);
    return made;
  };
}

function hasFaults(config: Config, { automation }: { readonly automation: boolean }): boolean {
  return automation && allowsFaults({ ...config, ENABLE_AUTOMATION: true });
}

/** What the gateway answers, itself or for a function. */
function storeApp(config: Config, logger: Logger, options: { automation: boolean; operations: boolean }): App {
  const idle = { seed: async () => [], clear: async () => undefined };
  const app = createFunctionApp(
    {
      name: 'store',
      unavailableReason: async () => null,
      metrics: async () => '',
      automation: options.automation ? idle : null,
    },
    logger,
  );
  const stopping = new AbortController().signal;
  const host = { context: idleContext, settings: config, stopping, waitsOf: async () => [] };
  for (const module of functionModules) {
    module.addRoutes(app, host);
    if (options.operations) module.addOperatorRoutes?.(app, host);
  }
  const [first] = functionModules;
  if (options.operations && first !== undefined) {
    addDeadLetterRoutes(app, { fn: first.create(config), context: idleContext, limits: noLimits, stopping });
    addAllGroups(app, []);
    addSessionRoutes(app, null);
    addInspectRoutes(app, idleInspected(first.create(config), stopping));
    addOperations(app, { upstreams: [], access: operationsAccess(config), store: storeDescription(config) }, stopping);
  }
  if (hasFaults(config, options)) {
    addFaultRoutes(app, noFaults);
    addAllFaults(app, []);
    addLoadRoutes(app, new Loads(noClient, stopping));
    addCrashRoute(
      app,
      noFaults.name,
      crashOf([], () => undefined),
    );
  }
  documentPages(app);
  return app;
}

/** The document and its page, which the gateway serves without the rules of the API. */
function documentPages(app: App): void {
  const handler = () => Promise.reject(onlyDocuments());
  addPath(app, 'Documentation', '/openapi.json', {
    get: {
      operationId: 'getOpenapi',
      summary: 'This document',
      description: 'What the gateway and the functions answer: OpenAPI 3.1.',
      needsData: false,
      responses: { 200: answers('The document', z.record(z.string(), z.unknown())) },
      handler,
    },
  });
  addPath(app, 'Documentation', '/docs', {
    get: {
      operationId: 'getDocs',
      summary: 'This document as a page to read and to try out',
      description:
        'Loads nothing from another host. It is there with a slash at the end as well, and / links to it; neither is a path of ' +
        'this document.',
      needsData: false,
      responses: { 200: answers('A page', z.string(), 'text/html') },
      handler,
    },
  });
}

/** What only functions answer. */
function functionApp(logger: Logger, faults: boolean): App {
  const app = createApp(logger);
  addWhy(app, async () => []);
  if (faults) addOwnFaultRoute(app, noFaults);
  return app;
}

/** Where the functions listen; the host is a variable, because only the operator knows how it is reached. */
function functionServers(config: Config) {
  return functionModules.map(({ name }) => ({
    url: 'http://{host}:{port}',
    description: `The function ${name}`,
    variables: {
      host: { default: '127.0.0.1' },
      port: { default: String(portOf(config, name).port), description: `${name.toUpperCase()}_PORT` },
    },
  }));
}

interface DocumentedOperation {
  servers?: NonNullable<Document['servers']>;
  readonly tags?: readonly string[];
  parameters?: ({ readonly name: string; schema?: object } | { readonly $ref: string })[];
  security?: Record<string, string[]>[];
}

function operationsOf(paths: NonNullable<Document['paths']>): readonly DocumentedOperation[] {
  return Object.values(paths).flatMap(({ get, put, post, delete: remove }) =>
    [get, put, post, remove].filter((operation) => operation !== undefined),
  );
}

/** Adds the codes that only one function uses to the list of codes. */
function addOwnCodes(schemas: NonNullable<NonNullable<Document['components']>['schemas']>): void {
  const problem = schemas['Problem'];
  const code = problem !== undefined && 'properties' in problem ? problem.properties?.['code'] : undefined;
  if (code === undefined || !('enum' in code)) return;
  code.enum = [...(code.enum ?? []), ...functionModules.flatMap(({ problemCodes = [] }) => problemCodes)];
}

/** Lists the functions where a path names one: the routes, which the runtime has, do not know them. */
function nameFunctions(paths: NonNullable<Document['paths']>): void {
  for (const { parameters = [] } of operationsOf(paths)) {
    for (const parameter of parameters) {
      if (!('name' in parameter) || parameter.name !== 'function') continue;
      parameter.schema = { ...parameter.schema, enum: functionModules.map(({ name }) => name) };
    }
  }
}

/** The security scheme of the routes for operators. Where no token is set, their operations say that none is needed. */
function guardIn(paths: NonNullable<Document['paths']>, config: Config) {
  const isGuarded = operationsAccess(config).token !== null;
  for (const operation of operationsOf(paths)) {
    if (operation.security !== undefined && !isGuarded) operation.security = [...operation.security, {}];
  }
  const here = isGuarded ? 'it is set here, so the token is required' : 'it is not set here, so no token is required';
  const description = `The operators' token, which OPERATIONS_TOKEN sets; ${here}`;
  return { operators: { type: 'http', scheme: 'bearer', description } };
}
