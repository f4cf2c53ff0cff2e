/** Where the pages and the answers of dead letters are. */

/** Which open dead letters are meant: those that match all of it. */
export interface Filter {
  readonly code?: string;
  readonly fingerprint?: string;
  readonly key?: string;
}

export const lettersHref = (name: string, filter: Filter = {}) =>
  `/console/dead-letters/${encodeURIComponent(name)}${queryOf(filter)}`;
export const letterHref = (name: string, letter: string) => `${lettersHref(name)}/${encodeURIComponent(letter)}`;
export const replayHref = (name: string, id: string) => `${lettersHref(name)}/replays/${encodeURIComponent(id)}`;

export const lettersPath = (name: string) => `/operations/${encodeURIComponent(name)}/dead-letters`;
export const letterPath = (name: string, letter: string) => `${lettersPath(name)}/${encodeURIComponent(letter)}`;
export const replaysPath = (name: string) => `/operations/${encodeURIComponent(name)}/replays`;

/** The query of what is given, with its question mark; empty where nothing is. */
export function queryOf(given: object): string {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined && value !== '');
  return entries.length === 0 ? '' : `?${new URLSearchParams(entries as [string, string][])}`;
}
