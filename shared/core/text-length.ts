import { z } from 'zod';

/**
 * A text of `min` to `max` characters, as JSON Schema and people count them: by code points. A string's own length counts those
 * outside the basic plane twice, so a text that the documentation allows would be refused.
 */
export function textSchema(min: number, max: number) {
  return z
    .string()
    .min(min)
    .refine((text) => text.length <= max || [...text].length <= max, `must have at most ${max} characters`)
    .meta({ maxLength: max });
}

/** Like {@link textSchema}, from 1 character on, which are not all white space. White space around it is removed. */
export function trimmedTextSchema(max: number) {
  return textSchema(1, max)
    .regex(/\S/, 'must have more than white space')
    .transform((text) => text.trim());
}
