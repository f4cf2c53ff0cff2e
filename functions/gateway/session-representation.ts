import { z } from '@hono/zod-openapi';

/** The longest token that is compared. */
const TOKEN_MAX = 4_096;

/** What an operator signs in with. */
export const signInSchema = z
  .strictObject({ token: z.string().min(1).max(TOKEN_MAX).openapi({ description: "The operators' token" }) })
  .openapi('SignIn', { example: { token: 'the value of OPERATIONS_TOKEN' } });

/** Whether operators have to sign in here, and whether the caller has. */
export const sessionSchema = z
  .object({
    required: z.boolean().openapi({ description: 'False where no token is set: then every caller is an operator' }),
    signedIn: z.boolean().openapi({ description: 'Whether the request has the cookie of a session that is valid' }),
    expiresAt: z.iso.datetime().nullable().openapi({ description: 'When that session ends; null without one' }),
  })
  .openapi('Session', { example: { required: true, signedIn: true, expiresAt: '2026-03-01T18:00:00.000Z' } });
export type SessionBody = z.infer<typeof sessionSchema>;
