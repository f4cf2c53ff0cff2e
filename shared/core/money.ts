/**
 * Money is whole minor units (cents) and a currency. Decimal numbers are used only in the API.
 * Digits after the point, from ISO 4217, list one; two where a currency is not listed here.
 */
const DIGITS: ReadonlyMap<string, number> = new Map([
  ...['BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV'].map(zero),
  ...['XAF', 'XOF', 'XPF'].map(zero),
  ...['BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND'].map((code) => [code, 3] as const),
  ...['CLF', 'UYW'].map((code) => [code, 4] as const),
]);

const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));

function zero(code: string): readonly [string, number] {
  return [code, 0];
}

/** Whether `code` is a currency of ISO 4217, in capitals. */
export function isCurrency(code: string): boolean {
  return CURRENCIES.has(code);
}

/** How many digits a price in this currency may have after the point. */
export function currencyDigits(currency: string): number {
  return DIGITS.get(currency) ?? 2;
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
