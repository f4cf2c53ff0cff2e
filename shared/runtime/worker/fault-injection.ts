import { z } from '@hono/zod-openapi';
import { TransientError } from '../../core/errors.ts';
import { shortHash } from '../../core/hash.ts';
import type { Message } from '../../core/message.ts';
import type { Clock } from '../../ports/clock.ts';
import type { StoreFunction } from '../function.ts';
import { type App, addPath, answers, problems, readBody } from '../http/app.ts';

const SHIFT_MAX_MS = 7 * 86_400_000;

/** Trouble that a test can ask for. */
export interface Faults {
  /** The disk counts as full. */
  readonly noRoom: boolean;
  /** By how much the function's clock is wrong. */
  readonly clockShiftMs: number;
  /** Messages about this subject, or about that share of all subjects, fail, as in trouble that may pass or as by a bug. */
  readonly poison: Poison | null;
}

const asSchema = z.enum(['trouble', 'bug']);
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

/** A clock that can be set wrong, a store that can be told that its disk is full, rules that can fail. A restart heals all. */
export class FaultInjection {
  readonly clock: Clock;
  readonly #setRoom: (noRoom: boolean) => void;
  #faults: Faults = { noRoom: false, clockShiftMs: 0, poison: null };

  constructor(clock: Clock, setRoom: (noRoom: boolean) => void) {
    this.clock = { nowMs: () => clock.nowMs() + this.#faults.clockShiftMs };
    this.#setRoom = setRoom;
  }

  /** Gives all faults there are now. */
  set(changes: { readonly [Name in keyof Faults]?: Faults[Name] | undefined }): Faults {
    const { noRoom = this.#faults.noRoom, clockShiftMs = this.#faults.clockShiftMs } = changes;
    const { poison = this.#faults.poison } = changes;
    this.#setRoom(noRoom);
    this.#faults = { noRoom, clockShiftMs, poison };
    return this.#faults;
  }

  /** The function with rules that fail where they were told to. */
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

/** A share of the subjects is always the same ones. */
function isPoisoned(poison: Poison, { subject }: Message): boolean {
  if ('subject' in poison) return poison.subject === subject;
  return Number.parseInt(shortHash(subject).slice(0, 8), 16) < poison.share * 2 ** 32;
}

function failureOf({ as }: Poison, { type, subject }: Message): Error {
  const text = `${type} of ${subject} was poisoned by a test`;
  return as === 'bug' ? new TypeError(text) : new TransientError(text);
}

/** `POST /automation-testing/faults`. Only where test automation is on. */
export function addFaultRoutes(app: App, parts: FaultInjection): void {
  addPath(app, 'Test automation', '/automation-testing/faults', {
    post: {
      summary:
        'Sets the clock of this function wrong, fills its disk, or lets it fail on a subject or a share of them; a restart heals it',
      request: { body: { content: { 'application/json': { schema: faultsSchema } } } },
      responses: { 200: answers('All faults there are now', faultsSchema), ...problems(400, 415, 422) },
      handler: async (c) => c.json(parts.set(await readBody(c, faultsSchema))),
    },
  });
}
