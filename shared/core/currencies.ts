/**
 * The active codes of ISO 4217 by their digits after the point: list one of the maintenance agency (SIX), as published on
 * 2026-01-01. https://www.six-group.com/dam/download/financial-information/data-center/iso-currrency/lists/list-one.xml
 * Funds codes are among them; withdrawn codes are not (HRK since 2023, ZWL since 2024, ANG and CUC since 2025, BGN since 2026).
 */
const CURRENCY_LIST_DATE = '2026-01-01';

const CODES: readonly (readonly [digits: number, codes: string])[] = [
  [0, `BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF`],
  [
    2,
    `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW
    CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF
    IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK
    MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP
    SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG
    YER ZAR ZMW ZWG`,
  ],
  [3, `BHD IQD JOD KWD LYD OMR TND`],
  [4, `CLF UYW`],
];

/** Metals, units of account and the codes for tests and for no currency: the list gives them no minor units. */
const WITHOUT_MINOR_UNITS: ReadonlySet<string> = new Set(
  'XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX'.split(' '),
);

const digitsOf: ReadonlyMap<string, number> = new Map(
  CODES.flatMap(([digits, codes]) => codes.split(/\s+/).map((code) => [code, digits] as const)),
);

/** The codes in which a price can be given, in alphabetical order. */
export const currencyCodes: readonly string[] = [...digitsOf.keys()].sort();

/** Digits after the point of an active currency; undefined for any other text. */
export function listedDigits(code: string): number | undefined {
  return digitsOf.get(code);
}

/** A sentence that says why no price can be given in `code`, which is none of {@link currencyCodes}. */
export function whyNoCurrency(code: unknown): string {
  if (typeof code !== 'string' || !/^[A-Za-z]{3}$/.test(code)) return 'must be a currency of ISO 4217, such as EUR';
  if (WITHOUT_MINOR_UNITS.has(code)) return `${code} has no minor units in ISO 4217, so no price can be given in it`;
  if (digitsOf.has(code.toUpperCase())) return `${code} must be written in capitals: ${code.toUpperCase()}`;
  return `${code} is no active currency of ISO 4217 (list of ${CURRENCY_LIST_DATE})`;
}
