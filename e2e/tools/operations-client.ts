/** Reads of the operations API of a running store, with its operations token. */
import { ADDRESS_HELP, addressOf, ask, bodyOf, type Terminal } from './store-client.ts';

/** A part of an answer may take some seconds: that of a function that does not answer. */
const TIMEOUT_MS = 30_000;

/**
 * GET of a path under `/operations`.
 * @param fields fields that the answer has
 * @throws StoreError where the store does not answer, refuses, or is no store
 */
export async function operations<Body extends object>(
  path: string,
  fields: readonly (keyof Body & string)[],
  env: Terminal['env'],
): Promise<Body> {
  const token = env['OPERATIONS_TOKEN'];
  const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
  const url = new URL(`/operations/${path}`, addressOf('GATEWAY', env));
  return bodyOf<Body>(await ask(url, { headers }, { timeoutMs: TIMEOUT_MS }), fields);
}

/** What is given of these, as a query with its `?`; empty where nothing is. */
export function queryOf(given: Readonly<Record<string, string | number | undefined>>): string {
  const entries = Object.entries(given).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return entries.length === 0 ? '' : `?${new URLSearchParams(entries)}`;
}

export const PLACE_HELP = `${ADDRESS_HELP} OPERATIONS_TOKEN is sent to it.`;
