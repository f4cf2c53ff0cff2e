import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { currencyCodes, listedDigits, whyNoCurrency } from './currencies.ts';
import { currencyDigits, formatAmount, parseAmount } from './money.ts';

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
  it('is an active one of ISO 4217 with minor units: 165 of the 178 in the list', () => {
    expect([currencyCodes.length, new Set(currencyCodes).size]).toEqual([165, 165]);
    expect(currencyCodes.filter((code) => !/^[A-Z]{3}$/.test(code))).toEqual([]);
  });

  it.each([
    [0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'],
    [2, 'BOV CHE CHF CHW COU HUF IDR MGA MRU MXV SLE TWD USD USN UYU VED VES XAD XCD XCG ZWG'],
    [3, 'BHD IQD JOD KWD LYD OMR TND'],
    [4, 'CLF UYW'],
  ])('has %i digits after the point: %s', (digits, codes) => {
    expect(codes.split(' ').filter((code) => listedDigits(code) !== digits)).toEqual([]);
  });

  it('has other than two digits in 26 cases', () => {
    expect(currencyCodes.filter((code) => listedDigits(code) !== 2)).toHaveLength(26);
  });

  it.each([
    ['is withdrawn', 'ANG BGN CUC DEM HRK SLL ZWL', 'is no active currency of ISO 4217 (list of 2026-01-01)'],
    [
      'has no minor units',
      'XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX',
      'has no minor units in ISO 4217, so no price can be given in it',
    ],
    ['never was one', 'ABC BTC', 'is no active currency of ISO 4217 (list of 2026-01-01)'],
  ])('is none where the code %s: %s', (_, codes, why) => {
    for (const code of codes.split(' ')) {
      expect([listedDigits(code), whyNoCurrency(code)]).toEqual([undefined, `${code} ${why}`]);
    }
  });

  it.each([['EURO'], [''], ['constructor'], [42], [null]])('is not %j', (code) => {
    expect(whyNoCurrency(code)).toBe('must be a currency of ISO 4217, such as EUR');
  });

  it('is written in capitals', () => {
    expect([listedDigits('clf'), whyNoCurrency('clf')]).toEqual([undefined, 'clf must be written in capitals: CLF']);
  });

  it('has two digits in an order that was placed before its code was withdrawn', () => {
    expect([currencyDigits('HRK'), formatAmount(4000, 'HRK')]).toEqual([2, '40.00']);
  });
});
