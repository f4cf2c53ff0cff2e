/** Money is whole minor units (cents) and a currency. Decimal numbers are used only in the API. */
import { listedDigits } from './currencies.ts';

/**
 * How many digits a price in this currency may have after the point. Two where it is not listed: an order may have been
 * placed in a currency that was withdrawn since.
 */
export function currencyDigits(currency: string): number {
  return listedDigits(currency) ?? 2;
}

/**
 * Parses an amount in major units (`10`, `"10.00"`) into minor units. Returns null for an amount that is no plain
 * non-negative decimal, has more digits than the currency, or is too large to be exact.
 */
export function parseAmount(amount: number | string, currency: string): number | null {
  const match = /^(\d{1,15})(?:\.(\d+))?$/.exec(String(amount));
  if (match === null) return null;
  const [, whole = '', fraction = ''] = match;
  const digits = currencyDigits(currency);
  if (fraction.length > digits) return null;
  const minor = Number(whole + fraction.padEnd(digits, '0'));
  return Number.isSafeInteger(minor) ? minor : null;
}

/** Minor units as a decimal string with all of the currency's digits: `4000`, `EUR` → `"40.00"`. */
export function formatAmount(minor: number, currency: string): string {
  const digits = currencyDigits(currency);
  if (digits === 0) return String(minor);
  const padded = String(minor).padStart(digits + 1, '0');
  return `${padded.slice(0, -digits)}.${padded.slice(-digits)}`;
}
