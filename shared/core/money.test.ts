import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { currencyDigits, formatAmount, isCurrency, parseAmount } from './money.ts';

const currencies = fc.constantFrom('EUR', 'USD', 'JPY', 'KWD', 'CLF', 'ISK');
const amounts = fc.oneof(
  fc.integer({ min: 0, max: 1_000_000 }),
  // An amount has at most 15 digits before the point.
  fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
);

describe('an amount', () => {
  it('is parsed to the value that was formatted', () => {
    fc.assert(
      fc.property(amounts, currencies, (minor, currency) => {
        fc.pre(currencyDigits(currency) > 0 || minor < 1e15);
        expect(parseAmount(formatAmount(minor, currency), currency)).toBe(minor);
      }),
    );
  });

  it('is formatted with all digits of its currency', () => {
    fc.assert(
      fc.property(amounts, currencies, (minor, currency) => {
        const [, fraction = ''] = formatAmount(minor, currency).split('.');
        expect(fraction).toHaveLength(currencyDigits(currency));
      }),
    );
  });

  it.each([
    [4000, 'EUR', '40.00'],
    [5, 'EUR', '0.05'],
    [0, 'EUR', '0.00'],
    [4000, 'JPY', '4000'],
    [1, 'KWD', '0.001'],
    [12345, 'CLF', '1.2345'],
  ])('of %i minor units of %s is %s', (minor, currency, text) => {
    expect(formatAmount(minor, currency)).toBe(text);
  });

  it.each([
    [10, 'EUR', 1000],
    ['10.00', 'EUR', 1000],
    [10.5, 'EUR', 1050],
    [0.1, 'EUR', 10],
    ['007', 'EUR', 700],
    [19.99, 'EUR', 1999],
  ])('given as %j %s is exactly %i minor units', (amount, currency, minor) => {
    expect(parseAmount(amount, currency)).toBe(minor);
  });

  it.each([
    ['more digits than the currency has', '10.001', 'EUR'],
    ['any digit where the currency has none', '10.0', 'JPY'],
    ['a negative number', -1, 'EUR'],
    ['minus zero as text', '-0', 'EUR'],
    ['an exponent', 1e21, 'EUR'],
    ['a small exponent', 1e-7, 'EUR'],
    ['not a number', Number.NaN, 'EUR'],
    ['infinity', Number.POSITIVE_INFINITY, 'EUR'],
    ['an empty string', '', 'EUR'],
    ['spaces', ' 1', 'EUR'],
    ['a comma', '1,50', 'EUR'],
    ['a point without digits', '1.', 'EUR'],
    ['hexadecimal', '0x10', 'EUR'],
    ['Arabic digits', '١٢', 'EUR'],
    ['an amount too large to be exact', '99999999999999.99', 'EUR'],
  ])('is null for %s', (_, amount, currency) => {
    expect(parseAmount(amount, currency)).toBeNull();
  });
});

describe('a currency', () => {
  it('is one of ISO 4217, in capitals', () => {
    expect(['EUR', 'JPY', 'eur', 'EURO', '', 'constructor'].map(isCurrency)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });

  it.each([
    ['JPY', 0],
    ['EUR', 2],
    ['HUF', 2],
    ['KWD', 3],
    ['CLF', 4],
  ])('%s has %i digits after the point', (currency, digits) => {
    expect(currencyDigits(currency)).toBe(digits);
  });
});
