import type { z } from 'zod';
import type { StoreFunction } from './function.ts';
import type { Outcome } from './handle/outcome.ts';
import type { App } from './http/app.ts';
import type { Logger } from './observe/logger.ts';
import type { Wait } from './why/waits.ts';
import type { FunctionContext } from './worker/function-context.ts';

/** A loop beside the batches of a function: runs at start, and again after commits with an outcome that wakes it. */
export interface FunctionLoop {
  /** One bounded step. Returns whether there may be more to do at once. */
  readonly step: () => Promise<boolean>;
  readonly wakes: (outcome: Outcome) => boolean;
  /** What the log says when a step fails; it is tried again. */
  readonly failure: string;
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
  /** Whether it shares the gateway's thread where one process runs the whole store: a call then costs no hop. */
  readonly besideGateway: boolean;
  /** Its own settings: a schema with a default for each environment variable. */
  readonly settings: z.ZodRawShape;
  /** Its rules, tables, migrations, timers and retention, as these settings make them. */
  create(settings: Settings): StoreFunction;
  addRoutes(app: App, host: RouteHost<Settings>): void;
  /** What only this function knows about what a key waits for. */
  waitsOf?(context: Pick<FunctionContext, 'store'>, key: string): Promise<readonly Wait[]>;
  loops?(context: FunctionContext, logger: Logger): readonly FunctionLoop[];
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
