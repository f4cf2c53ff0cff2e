import type { AppContext } from '../../shared/runtime/http/app.ts';
import { assertOperator, type OperationsAccess } from '../../shared/runtime/http/operator-auth.ts';
import type { StoreBody } from '../../shared/runtime/inspect/representation.ts';
import { PartRefused } from './operations-parts.ts';
import type { Upstream } from './upstream.ts';

export interface OperationsOptions {
  readonly upstreams: readonly Upstream[];
  /** Who may ask the gateway itself; each function checks the forwarded token as well. */
  readonly access: OperationsAccess;
  readonly store: StoreBody;
}

/** A handler for operators alone, whose answer is the refusal of a function where one refuses. */
export function forOperators(
  { access }: Pick<OperationsOptions, 'access'>,
  handler: (c: AppContext) => Response | Promise<Response>,
): (c: AppContext) => Promise<Response> {
  return async (c) => {
    assertOperator(c, access);
    try {
      return await handler(c);
    } catch (error) {
      if (error instanceof PartRefused) return error.response;
      throw error;
    }
  };
}
