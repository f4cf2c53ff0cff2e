import { z } from '@hono/zod-openapi';
import { DAY_MS } from '../../core/days.ts';
import { AppError, TransientError } from '../../core/errors.ts';
import { shortHash } from '../../core/hash.ts';
import type { Message } from '../../core/message.ts';
import type { Clock } from '../../ports/clock.ts';
import type { StoreFunction } from '../function.ts';
import { type App, addPath, answers, readBody } from '../http/app.ts';

const SHIFT_MAX_MS = 7 * DAY_MS;

/** The faults that a test can inject. */
export interface Faults {
  /** Whether the disk is simulated as full. */
  readonly noRoom: boolean;
  /** By how much the function's clock is off, in milliseconds. */
  readonly clockShiftMs: number;
  /** Messages of this subject, or of this share of all subjects, fail with a transient error or with a bug. */
  readonly poison: Poison | null;
  /** Calls to the outside world about this subject, or about this share of all subjects, fail or get no answer. */
  readonly calls: FailingCalls | null;
}

/** `trouble` is the former name of `transient`, read for one more release. */
const asSchema = z.enum(['transient', 'bug', 'trouble']);
const poisonSchema = z.union([
  z.strictObject({ subject: z.string().min(1).max(64), as: asSchema }),
  z.strictObject({ share: z.number().min(0).max(1), as: asSchema }),
]);
type Poison = Readonly<z.infer<typeof poisonSchema>>;

const callsAsSchema = z.enum(['transient', 'terminal', 'silent']);
const callsSchema = z.union([
  z.strictObject({ subject: z.string().min(1).max(64), as: callsAsSchema }),
  z.strictObject({ share: z.number().min(0).max(1), as: callsAsSchema }),
]);
type FailingCalls = Readonly<z.infer<typeof callsSchema>>;

const faultsSchema = z
  .strictObject({
    noRoom: z.boolean().optional(),
    clockShiftMs: z.int().min(-SHIFT_MAX_MS).max(SHIFT_MAX_MS).optional(),
    poison: poisonSchema.nullable().optional(),
    calls: callsSchema.nullable().optional(),
  })
  .openapi('Faults', { example: { noRoom: true, clockShiftMs: -600_000 } });

/**
 * A clock that can be shifted, a store whose disk can be simulated as full, rules and calls to the outside world that can
 * fail. A restart clears all faults.
 */
export class FaultInjection {
  readonly clock: Clock;
  readonly #setRoom: (noRoom: boolean) => void;
  #faults: Faults = { noRoom: false, clockShiftMs: 0, poison: null, calls: null };

  constructor(clock: Clock, setRoom: (noRoom: boolean) => void) {
    this.clock = { nowMs: () => clock.nowMs() + this.#faults.clockShiftMs, upMs: () => clock.upMs() };
    this.#setRoom = setRoom;
  }

  /** Changes some faults. Returns all current faults. */
  set(changes: { readonly [Name in keyof Faults]?: Faults[Name] | undefined }): Faults {
    const { noRoom = this.#faults.noRoom, clockShiftMs = this.#faults.clockShiftMs } = changes;
    const { poison = this.#faults.poison, calls = this.#faults.calls } = changes;
    this.#setRoom(noRoom);
    this.#faults = { noRoom, clockShiftMs, poison, calls };
    return this.#faults;
  }

  /** To be awaited before a call to the outside world. Rejects, or never resolves, where such calls fail. */
  async beforeCall(subject: string): Promise<void> {
    const { calls } = this.#faults;
    if (calls === null || !isAbout(calls, subject)) return;
    if (calls.as === 'silent') return new Promise(() => undefined);
    throw callFailure(calls, subject);
  }

  /** The function with rules that fail on poisoned messages. */
  poisoned(fn: StoreFunction): StoreFunction {
    const { rules } = fn;
    const decide: StoreFunction['rules']['decide'] = (state, message) => {
      const { poison } = this.#faults;
      if (poison !== null && isAbout(poison, message.subject)) throw failureOf(poison, message);
      return rules.decide(state, message);
    };
    return { ...fn, rules: { decide, evolve: (state, event) => rules.evolve(state, event) } };
  }
}

/** A share always selects the same subjects. */
function isAbout(fault: { readonly subject: string } | { readonly share: number }, subject: string): boolean {
  if ('subject' in fault) return fault.subject === subject;
  return Number.parseInt(shortHash(subject).slice(0, 8), 16) < fault.share * 2 ** 32;
}

function callFailure({ as }: FailingCalls, subject: string): Error {
  const text = `calls about ${subject} are refused by a test`;
  return as === 'terminal' ? new AppError('invalid_request', text) : new TransientError(text);
}

function failureOf({ as }: Poison, { type, subject }: Message): Error {
  const text = `${type} of ${subject} was poisoned by a test`;
  return as === 'bug' ? new TypeError(text) : new TransientError(text);
}

/** Adds `POST /automation-testing/faults`. Only when test automation is on. */
export function addFaultRoutes(app: App, faults: FaultInjection): void {
  addPath(app, 'Test automation', '/automation-testing/faults', {
    post: {
      operationId: 'setFaults',
      description: 'At a function alone. What is left out stays as it is. Only with ENABLE_AUTOMATION=true.',
      summary:
        'Shifts the clock of this function, fills its disk, or lets it, or its calls to the outside world, fail on a ' +
        'subject or a share of all subjects; a restart clears it',
      request: { body: { content: { 'application/json': { schema: faultsSchema } } } },
      responses: { 200: answers('All current faults', faultsSchema) },
      handler: async (c) => c.json(faults.set(await readBody(c, faultsSchema))),
    },
  });
}
