import { z } from '@hono/zod-openapi';
import { DAY_MS } from '../../core/days.ts';

const SHIFT_MAX_MS = 7 * DAY_MS;
export const AWAY_S_DEFAULT = 30;
const AWAY_S_MAX = 600;

const subject = z.string().min(1).max(64);
const share = z.number().min(0).max(1);

/** `trouble` is the former name of `transient`, read for one more release. */
const poisonAs = z.enum(['transient', 'bug', 'trouble']);
const poisonSchema = z.union([z.strictObject({ subject, as: poisonAs }), z.strictObject({ share, as: poisonAs })]);
export type Poison = Readonly<z.infer<typeof poisonSchema>>;

const callsAs = z.enum(['transient', 'terminal', 'silent']);
const callsSchema = z.union([z.strictObject({ subject, as: callsAs }), z.strictObject({ share, as: callsAs })]);
export type FailingCalls = Readonly<z.infer<typeof callsSchema>>;

/** The faults to inject into a function. What is left out stays as it is. */
export const faultsRequest = z
  .strictObject({
    noRoom: z.boolean().optional().openapi({ description: 'Simulates a full disk' }),
    clockShiftMs: z.int().min(-SHIFT_MAX_MS).max(SHIFT_MAX_MS).optional().openapi({ description: 'Sets its clock' }),
    poison: poisonSchema.nullable().optional().openapi({
      description: 'Lets messages of this subject, or of this share of all subjects, fail',
    }),
    calls: callsSchema.nullable().optional().openapi({
      description: 'Lets calls to the outside world about this subject, or this share of all subjects, fail',
    }),
    away: z.boolean().optional().openapi({ description: 'The function reads nothing and answers 503' }),
    forS: z.int().min(1).max(AWAY_S_MAX).default(AWAY_S_DEFAULT).openapi({
      description: 'After how many seconds it is back; only used with `away`',
    }),
  })
  .openapi('SetFaults', { example: { noRoom: true, clockShiftMs: -600_000 } });
/** The same as a client writes it: `forS` may be left out. */
export type FaultsRequestInput = z.input<typeof faultsRequest>;

/** All current faults of a function. */
export const faultsSchema = z
  .object({
    function: z.string(),
    noRoom: z.boolean().openapi({ description: 'Whether its disk is simulated as full' }),
    clockShiftMs: z.int().openapi({ description: 'By how much its clock is off' }),
    poison: poisonSchema.nullable().openapi({ description: 'Which messages fail' }),
    calls: callsSchema.nullable().openapi({ description: 'Which calls to the outside world fail' }),
    away: z.boolean().openapi({ description: 'Whether it reads nothing and answers 503' }),
    until: z.iso.datetime().nullable().openapi({ description: 'When it is back; null when it is not away' }),
  })
  .openapi('Faults');
export type FaultsBody = z.infer<typeof faultsSchema>;

/** The faults of all functions. */
export const allFaultsSchema = z
  .object({
    functions: z.array(
      z.object({
        function: z.string(),
        faults: faultsSchema.nullable().openapi({ description: 'null where the function does not answer' }),
      }),
    ),
  })
  .openapi('AllFaults');
export type AllFaultsBody = z.infer<typeof allFaultsSchema>;

/** What a crash takes with it. */
export const crashSchema = z
  .object({
    takes: z.array(z.string()).openapi({ description: 'The parts that run in the process, which all go down' }),
    restarts: z.boolean().openapi({ description: 'Whether the program that started the process starts it again' }),
  })
  .openapi('Crash', { example: { takes: ['gateway', 'order', 'inventory', 'notification'], restarts: true } });
export type CrashBody = z.infer<typeof crashSchema>;
