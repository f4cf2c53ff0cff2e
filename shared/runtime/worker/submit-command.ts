import { v7 as uuidv7 } from 'uuid';
import { AppError } from '../../core/errors.ts';
import { command, type Draft, type Message, namedId } from '../../core/message.ts';
import { versionOf } from '../../core/message-catalog.ts';
import type { Precondition } from '../handle/incoming.ts';
import type { CommandOutcome } from '../handle/outcome.ts';
import { type AppContext, traceparent } from '../http/app.ts';
import { PRECONDITION_FAILED } from '../http/conditional.ts';
import type { FunctionContext } from './function-context.ts';

/**
 * A command that a function gives itself, or that a client gives it: in the newest version of its type, at the function's time,
 * under a new id unless one is given. It begins a saga of its own unless `correlationid` names one.
 */
export function newCommand(
  { clock, catalog }: Pick<FunctionContext, 'clock' | 'catalog'>,
  draft: Draft,
  options: {
    readonly id?: string;
    readonly correlationid?: string | null;
    readonly traceparent?: string | undefined;
  } = {},
): Message {
  const { id = uuidv7(), correlationid } = options;
  const time = new Date(clock.nowMs()).toISOString();
  const schemaversion = versionOf(catalog, draft.type);
  const message = command(draft, { id, time, schemaversion, traceparent: options.traceparent });
  return typeof correlationid === 'string' ? { ...message, correlationid } : message;
}

/**
 * The id of a client's command: derived from `scope` and its `Idempotency-Key`, so that a repeat is a duplicate; random without
 * a key. `scope` holds what keeps equal keys of different requests apart.
 */
export function commandIdOf(key: string | null, scope: string): string {
  return key === null ? uuidv7() : namedId(`${scope} ${key}`);
}

/**
 * Takes a client's command from the request to the disk. The outcome is that of this command, or says that it is a duplicate.
 * @throws {AppError} `idempotency_key_reused` for a key that was used with another body; `precondition_failed`; what `refusedAs` makes of
 * another refusal.
 */
export async function submitCommand(
  c: AppContext,
  context: FunctionContext,
  options: {
    /** The client's `Idempotency-Key`, or null. */
    readonly key: string | null;
    /** From {@link commandIdOf}. */
    readonly id: string;
    readonly draft: Draft;
    readonly correlationid?: string | null;
    /** The conditions of the request; a duplicate is answered without them. */
    readonly precondition?: Precondition | undefined;
    readonly refusedAs: (refusal: { readonly code: string; readonly detail: string }) => AppError;
  },
): Promise<Extract<CommandOutcome, { kind: 'handled' | 'duplicate' }>> {
  const { key, id, draft, correlationid = null, precondition, refusedAs } = options;
  const message = newCommand(context, draft, { id, correlationid, traceparent: traceparent(c) });
  const outcome = await context.submit(message, { deduplicate: key !== null, precondition });
  if (outcome.kind === 'id_reused') {
    throw new AppError('idempotency_key_reused', `the Idempotency-Key ${key} was used before with another body`);
  }
  if (outcome.kind !== 'refused') return outcome;
  if (outcome.code === PRECONDITION_FAILED) throw new AppError('precondition_failed', outcome.detail);
  throw refusedAs(outcome);
}
