import type { Registry } from 'prom-client';
import type { z } from 'zod';
import type { StoreFunction } from './function.ts';
import type { App } from './http/app.ts';
import type { OwnStep } from './inspect/inspected.ts';
import type { Logger } from './observe/logger.ts';
import type { Wait } from './why/wait.ts';
import type { FunctionContext } from './worker/function-context.ts';
import type { FunctionLoop } from './worker/woken-loop.ts';

/** What a host gives the loops of a function. */
export interface LoopHost<Settings> {
  readonly context: FunctionContext;
  readonly settings: Settings;
  readonly logger: Logger;
  /** The metrics of the function. */
  readonly registry: Registry;
  /** To be awaited before each call to the outside world: a test lets those about a subject fail, or never come back. */
  readonly beforeCall: (subject: string) => Promise<void>;
}

/** What a host gives a function that counts what its sagas come to. */
export interface MeasureHost {
  readonly context: Pick<FunctionContext, 'onCommit'>;
  /** A saga came into this status; `latencyMs` since its begin, or null where that time does not count. */
  readonly reached: (status: string, latencyMs: number | null) => void;
}

/** What a host gives the routes of a function. */
export interface RouteHost<Settings> {
  readonly context: FunctionContext;
  readonly settings: Settings;
  /** Ends streams, and requests that wait. */
  readonly stopping: AbortSignal;
  /** What a key (an order, a product) waits for at this function. */
  readonly waitsOf: (key: string) => Promise<readonly Wait[]>;
}

/**
 * All of a function as one value: a host reads its settings, creates it, serves its routes and runs its loops without knowing
 * which function it is. Methods are methods on purpose: a registry holds modules with different settings in one list.
 */
export interface FunctionModule<Settings extends object = object> {
  readonly name: string;
  /** The port it listens on unless `{NAME}_PORT` says otherwise. */
  readonly port: number;
  /** The first segment of its public paths, by which the gateway finds it; null where it has none. */
  readonly pathPrefix: string | null;
  /** Its public paths of server-sent events: a gateway keeps their clients while the function is unavailable. */
  readonly streamPaths?: readonly string[];
  /**
   * Whether it shares the gateway's thread where one process runs the whole store: a call then costs no hop. `sharesRecords`:
   * the readers in a thread read and parse a record once for all of them.
   */
  besideGateway(log: { readonly sharesRecords: boolean }): boolean;
  /** Its own settings: a schema with a default for each environment variable. */
  readonly settings: z.ZodRawShape;
  /** Its rules, tables, migrations, timers and retention, as these settings make them. */
  create(settings: Settings): StoreFunction;
  /** The codes of its problems that only it uses, for the documentation. */
  readonly problemCodes?: readonly string[];
  addRoutes(app: App, host: RouteHost<Settings>): void;
  /** Its routes under `/operations`, for operators: behind the guard, and not there where those routes are closed. */
  addOperatorRoutes?(app: App, host: RouteHost<Settings>): void;
  /** What only this function knows about what a key waits for. */
  waitsOf?(context: Pick<FunctionContext, 'store'>, key: string): Promise<readonly Wait[]>;
  /** The steps of a key that are no messages of a topic, such as notices, for its trace; at most some hundred. */
  stepsOf?(context: Pick<FunctionContext, 'store'>, key: string): Promise<readonly OwnStep[]>;
  /** Begins to count what its sagas come to; called once, before the function takes messages. */
  measure?(host: MeasureHost): void;
  loops?(host: LoopHost<Settings>): readonly FunctionLoop[];
  /** Example data: `fill` adds what is missing and returns all ids; an empty function is filled at a start in automation mode. */
  readonly seed?: {
    isEmpty(context: FunctionContext): Promise<boolean>;
    fill(context: FunctionContext): Promise<readonly string[]>;
  };
}

/** Declares a function; its settings get the types of their schemas. */
export function defineFunction<Shape extends z.ZodRawShape>(
  module: FunctionModule<z.infer<z.ZodObject<Shape>>> & { readonly settings: Shape },
): FunctionModule {
  return module;
}
