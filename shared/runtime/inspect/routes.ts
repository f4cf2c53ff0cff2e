import { operatorsOnly } from '../dead-letters/routes.ts';
import { type App, addPath, answers } from '../http/app.ts';
import { assertOwn, INSPECT_TAG, ofFunction } from './function-path.ts';
import type { Inspected } from './inspected.ts';
import { addMessages } from './message-routes.ts';
import { statusSchema } from './representation.ts';
import { statusOf } from './status.ts';
import { addStream } from './stream-routes.ts';
import { addTrace } from './trace-routes.ts';

/** The routes by which operators, the console and the gateway look at a running function. They change nothing. */
export function addInspectRoutes(app: App, inspected: Inspected): void {
  addStatus(app, inspected);
  addMessages(app, inspected);
  addTrace(app, inspected);
  addStream(app, inspected);
}

function addStatus(app: App, inspected: Inspected): void {
  const startedAt = new Date(inspected.clock.nowMs()).toISOString();
  addPath(app, INSPECT_TAG, '/operations/{function}/status', {
    get: {
      operationId: 'getFunctionStatus',
      summary: 'The state of one function: readiness, counts, times, and the topics that it writes and reads',
      description: 'Lag is told for every reader of a topic, whether it runs or not.',
      request: { params: ofFunction },
      security: operatorsOnly,
      responses: { 200: answers('The status', statusSchema) },
      handler: async (c) => {
        assertOwn(c, inspected);
        return c.json(await statusOf(inspected, startedAt));
      },
    },
  });
}
