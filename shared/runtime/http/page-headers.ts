/** Says that the type of an answer is to be believed. */
export const NO_SNIFF = { 'x-content-type-options': 'nosniff' } as const;

/** The headers of an HTML page, which no other page may frame. `sources`: what it may load, as a policy (CSP). */
export function htmlHeaders(sources: string): Readonly<Record<string, string>> {
  return {
    'content-security-policy': `${sources}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    'referrer-policy': 'no-referrer',
    ...NO_SNIFF,
  };
}
