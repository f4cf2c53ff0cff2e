import { z } from '@hono/zod-openapi';
import type { Clock } from '../ports/clock.ts';
import { type App, addPath, answers, problems, readBody } from './http.ts';

const SHIFT_MAX_MS = 7 * 86_400_000;

/** Trouble that a test can ask for. */
export interface Faults {
  /** The disk counts as full. */
  readonly noRoom: boolean;
  /** By how much the function's clock is wrong. */
  readonly clockShiftMs: number;
}

const faultsSchema = z
  .strictObject({
    noRoom: z.boolean().optional(),
    clockShiftMs: z.int().min(-SHIFT_MAX_MS).max(SHIFT_MAX_MS).optional(),
  })
  .openapi('Faults', { example: { noRoom: true, clockShiftMs: -600_000 } });

/** A clock that can be set wrong, and a store that can be told that its disk is full. A restart heals both. */
export class FaultyParts {
  readonly clock: Clock;
  readonly #setRoom: (noRoom: boolean) => void;
  #faults: Faults = { noRoom: false, clockShiftMs: 0 };

  constructor(clock: Clock, setRoom: (noRoom: boolean) => void) {
    this.clock = { nowMs: () => clock.nowMs() + this.#faults.clockShiftMs };
    this.#setRoom = setRoom;
  }

  /** Gives all faults there are now. */
  set(changes: { readonly [Name in keyof Faults]?: Faults[Name] | undefined }): Faults {
    const { noRoom = this.#faults.noRoom, clockShiftMs = this.#faults.clockShiftMs } = changes;
    this.#setRoom(noRoom);
    this.#faults = { noRoom, clockShiftMs };
    return this.#faults;
  }
}

/** `POST /automation-testing/faults`. Only where test automation is on. */
export function addFaults(app: App, parts: FaultyParts): void {
  addPath(app, 'Test automation', '/automation-testing/faults', {
    post: {
      summary: 'Sets the clock of this function wrong, or tells it that the disk is full; a restart heals both',
      request: { body: { content: { 'application/json': { schema: faultsSchema } } } },
      responses: { 200: answers('All faults there are now', faultsSchema), ...problems(400, 415, 422) },
      handler: async (c) => c.json(parts.set(await readBody(c, faultsSchema))),
    },
  });
}
