/** What this browser keeps for the console. Where site data are blocked or full, nothing is kept, and nothing else changes. */

/** @returns null for what is not kept */
export function kept(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // It is asked for, or chosen, again next time.
  }
}
