/** Whether this browser may see the store, and the way in and out. The cookie itself no script can read. */
import { batch, signal } from '@preact/signals';
import type { SessionBody } from '../../../session-representation.ts';
import { type Problem, problemOf } from './problem.ts';
import { SESSION_PATH, send } from './request.ts';

/** Null until the store has told. */
export const session = signal<SessionBody | null>(null);
/** Why it could not tell. */
export const sessionProblem = signal<Problem | null>(null);
/** Whether a session is over that was not signed out from. */
export const hasEnded = signal(false);
/** How often an operator has signed in here: what was refused before is read again. */
export const signIns = signal(0);

export async function readSession(): Promise<void> {
  try {
    const { body } = await send<SessionBody>('GET', SESSION_PATH);
    batch(() => {
      if (session.value?.signedIn === true && !body.signedIn) hasEnded.value = true;
      session.value = body;
      sessionProblem.value = null;
    });
  } catch (error) {
    sessionProblem.value = problemOf(error);
  }
}

/** @throws {ProblemError} for a wrong token, or after too many. */
export async function signIn(token: string): Promise<void> {
  const { body } = await send<SessionBody>('POST', SESSION_PATH, { body: { token } });
  batch(() => {
    session.value = body;
    hasEnded.value = false;
    signIns.value += 1;
  });
}

/** @throws {ProblemError} */
export async function signOut(): Promise<void> {
  await send('DELETE', SESSION_PATH);
  session.value = null;
  await readSession();
}
