import { z } from 'zod';
import { type App, addPath, createApp, readBody, requestIdOf } from '../runtime/http/app.ts';
import { type RunningServer, serve } from '../runtime/http/server.ts';
import { defaultHttpOptions, type HttpOptions } from '../runtime/http/settings.ts';
import { logLines } from './log-lines.ts';

/** An app with one list, `/things`, and one thing, `/things/{id}`, which can be changed by PUT; POST to the list fails. */
export function thingsApp(): App {
  const app = createApp(logLines().logger);
  addPath(app, 'Things', '/things', {
    get: { summary: 'List', responses: {}, handler: (c) => c.json({ requestId: requestIdOf(c) }) },
    post: {
      summary: 'Break',
      responses: {},
      handler: () => {
        throw new Error('a bug');
      },
    },
  });
  addPath(app, 'Things', '/things/{id}', {
    put: {
      summary: 'Change',
      responses: {},
      handler: async (c) => {
        const { headers } = c.req.raw;
        const body = await readBody(c, z.unknown());
        return c.json({ body, length: headers.get('content-length'), coding: headers.get('content-encoding') });
      },
    },
  });
  return app;
}

/** Serves the things on a free port of this machine. */
export function serveThings(options: Partial<HttpOptions> = {}, app = thingsApp()): Promise<RunningServer> {
  return serve(
    app.fetch,
    { host: '127.0.0.1', port: 0, setting: 'PORT', hostSetting: 'HOST' },
    { ...defaultHttpOptions, ...options },
  );
}
