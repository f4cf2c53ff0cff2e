import { AppError } from '../../shared/core/errors.ts';
import { type App, type AppContext, addPath, answers, requestIdOf } from '../../shared/runtime/http/app.ts';
import { type AllFaultsBody, allFaultsSchema, faultsSchema } from '../../shared/runtime/worker/fault-representation.ts';
import { type Upstream, upstreamOf } from './upstream.ts';

const PATH = '/automation-testing/faults';

/** The faults of each function and its crash, forwarded to the function that is named; and the faults of all functions. */
export function addGatewayFaults(app: App, upstreams: readonly Upstream[]): void {
  addAllFaults(app, upstreams);
  for (const path of [`${PATH}/:function`, '/automation-testing/crash/:function']) {
    app.all(path, (c) => {
      const upstream = upstreamOf(upstreams, c.req.param('function') ?? '');
      return upstream.fetch(c.req.raw, requestIdOf(c));
    });
  }
}

/** Also for the documentation, which needs no upstreams. */
export function addAllFaults(app: App, upstreams: readonly Upstream[]): void {
  addPath(app, 'Test automation', PATH, {
    get: {
      operationId: 'listFaults',
      summary: 'At the gateway: the faults that are injected into each function',
      description: 'Only with ENABLE_AUTOMATION=true, and not in production.',
      responses: { 200: answers('The faults of each function', allFaultsSchema) },
      handler: async (c) => c.json(await ofAll(c, 'GET', upstreams)),
    },
    delete: {
      operationId: 'healAllFaults',
      summary: 'At the gateway: heal all functions',
      description:
        'A function that does not answer is not healed. Only with ENABLE_AUTOMATION=true, and not in production.',
      responses: { 200: answers('The faults of each function, which are none', allFaultsSchema) },
      takesBody: false,
      handler: async (c) => c.json(await ofAll(c, 'DELETE', upstreams)),
    },
  });
}

async function ofAll(c: AppContext, method: string, upstreams: readonly Upstream[]): Promise<AllFaultsBody> {
  const functions = upstreams.map(async (upstream) => {
    const request = new Request(new URL(`${PATH}/${upstream.name}`, c.req.url), { method });
    try {
      const response = await upstream.fetch(request, requestIdOf(c));
      return { function: upstream.name, faults: response.ok ? faultsSchema.parse(await response.json()) : null };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return { function: upstream.name, faults: null };
    }
  });
  return { functions: await Promise.all(functions) };
}
