/** Reads of the operations API of a running store, with its operations token. */
import { withSecretFiles } from '../../functions/engine-secrets.ts';
import { deadLetterSettings } from '../../shared/runtime/dead-letters/settings.ts';
import { ADDRESS_HELP, addressOf, ask, bodyOf, StoreError, type Terminal } from './store-client.ts';

const TOKEN = 'OPERATIONS_TOKEN';
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
  const headers = operatorHeaders(env);
  const url = new URL(`/operations/${path}`, addressOf('GATEWAY', env));
  return bodyOf<Body>(await ask(url, { headers }, { timeoutMs: TIMEOUT_MS }), fields);
}

/**
 * The header by which the store knows an operator: with the token, which may be in a file, as for the store itself. None without a token.
 * @throws {ConfigError} when the file cannot be used @throws {StoreError} where no store can have this token
 */
export function operatorHeaders(env: Terminal['env']): Readonly<Record<string, string>> {
  const given = [TOKEN, `${TOKEN}_FILE`].flatMap((name) => (env[name] ? [[name, env[name]] as const] : []));
  const token = withSecretFiles(Object.fromEntries(given), [TOKEN])[TOKEN];
  if (token === undefined) return {};
  const { error } = deadLetterSettings.OPERATIONS_TOKEN.safeParse(token);
  if (error !== undefined) throw new StoreError(`${TOKEN}: ${error.issues[0]?.message}`);
  return { authorization: `Bearer ${token}` };
}

/** What is given of these, as a query with its `?`; empty where nothing is. */
export function queryOf(given: Readonly<Record<string, string | number | undefined>>): string {
  const entries = Object.entries(given).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return entries.length === 0 ? '' : `?${new URLSearchParams(entries)}`;
}

export const PLACE_HELP = `${ADDRESS_HELP} OPERATIONS_TOKEN is sent to it.`;
