import { z } from 'zod';

/** A setting whose value is a whole number in decimal digits, at least `min` and at most `max`. */
export function wholeNumberSetting(min: number, max: number) {
  return z
    .string()
    .regex(/^-?\d+$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.int().min(min).max(max));
}

/** A setting whose value is a number in decimal digits, such as 1.5, at least `min` and at most `max`. */
export function decimalSetting(min: number, max: number) {
  return z
    .string()
    .regex(/^-?\d+(?:\.\d+)?$/, 'must be a number')
    .transform(Number)
    .pipe(z.number().min(min).max(max));
}
