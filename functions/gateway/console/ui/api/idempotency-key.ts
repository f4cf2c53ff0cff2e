const BYTES = 16;

/** A key that no other command has. Also where the page has no secure context, which `crypto.randomUUID` asks for. */
export function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
