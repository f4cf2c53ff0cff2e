import { z } from '@hono/zod-openapi';
import { DAY_MS } from '../../core/days.ts';
import { TransientError } from '../../core/errors.ts';
import { shortHash } from '../../core/hash.ts';
import type { Message } from '../../core/message.ts';
import type { Clock } from '../../ports/clock.ts';
import type { StoreFunction } from '../function.ts';
import { type App, addPath, answers, problems, readBody } from '../http/app.ts';

const SHIFT_MAX_MS = 7 * DAY_MS;

/** The faults that a test can inject. */
export interface Faults {
  /** Whether the disk is simulated as full. */
  readonly noRoom: boolean;
  /** By how much the function's clock is off, in milliseconds. */
  readonly clockShiftMs: number;
  /** Messages of this subject, or of this share of all subjects, fail with a transient error or with a bug. */
  readonly poison: Poison | null;
}

/** `trouble` is the former name of `transient`, read for one more release. */
const asSchema = z.enum(['transient', 'bug', 'trouble']);
const poisonSchema = z.union([
  z.strictObject({ subject: z.string().min(1).max(64), as: asSchema }),
  z.strictObject({ share: z.number().min(0).max(1), as: asSchema }),
]);
type Poison = Readonly<z.infer<typeof poisonSchema>>;

const faultsSchema = z
  .strictObject({
    noRoom: z.boolean().optional(),
    clockShiftMs: z.int().min(-SHIFT_MAX_MS).max(SHIFT_MAX_MS).optional(),
    poison: poisonSchema.nullable().optional(),
  })
  .openapi('Faults', { example: { noRoom: true, clockShiftMs: -600_000 } });

/**
 * A clock that can be shifted, a store whose disk can be simulated as full, rules that can fail. A restart clears all
 * faults.
 */
export class FaultInjection {
  readonly clock: Clock;
  readonly #setRoom: (noRoom: boolean) => void;
  #faults: Faults = { noRoom: false, clockShiftMs: 0, poison: null };

  constructor(clock: Clock, setRoom: (noRoom: boolean) => void) {
    this.clock = { nowMs: () => clock.nowMs() + this.#faults.clockShiftMs };
    this.#setRoom = setRoom;
  }

  /** Changes some faults. Returns all current faults. */
  set(changes: { readonly [Name in keyof Faults]?: Faults[Name] | undefined }): Faults {
    const { noRoom = this.#faults.noRoom, clockShiftMs = this.#faults.clockShiftMs } = changes;
    const { poison = this.#faults.poison } = changes;
    this.#setRoom(noRoom);
    this.#faults = { noRoom, clockShiftMs, poison };
    return this.#faults;
  }

  /** The function with rules that fail on poisoned messages. */
  poisoned(fn: StoreFunction): StoreFunction {
    const { rules } = fn;
    const decide: StoreFunction['rules']['decide'] = (state, message) => {
      const { poison } = this.#faults;
      if (poison !== null && isPoisoned(poison, message)) throw failureOf(poison, message);
      return rules.decide(state, message);
    };
    return { ...fn, rules: { decide, evolve: (state, event) => rules.evolve(state, event) } };
  }
}

/** A share always selects the same subjects. */
function isPoisoned(poison: Poison, { subject }: Message): boolean {
  if ('subject' in poison) return poison.subject === subject;
  return Number.parseInt(shortHash(subject).slice(0, 8), 16) < poison.share * 2 ** 32;
}

function failureOf({ as }: Poison, { type, subject }: Message): Error {
  const text = `${type} of ${subject} was poisoned by a test`;
  return as === 'bug' ? new TypeError(text) : new TransientError(text);
}

/** Adds `POST /automation-testing/faults`. Only when test automation is on. */
export function addFaultRoutes(app: App, faults: FaultInjection): void {
  addPath(app, 'Test automation', '/automation-testing/faults', {
    post: {
      summary:
        'Shifts the clock of this function, fills its disk, or lets it fail on a subject or a share of all subjects; ' +
        'a restart clears it',
      request: { body: { content: { 'application/json': { schema: faultsSchema } } } },
      responses: { 200: answers('All current faults', faultsSchema), ...problems(400, 415, 422) },
      handler: async (c) => c.json(faults.set(await readBody(c, faultsSchema))),
    },
  });
}
