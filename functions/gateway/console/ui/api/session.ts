/** Whether this browser may see the store, and the way in and out. The cookie itself no script can read. */
import { batch, signal } from '@preact/signals';
import type { SessionBody } from '../../../session-representation.ts';
import { type Problem, ProblemError, problemOf } from './problem.ts';
import { SESSION_PATH, send } from './request.ts';

/** Null until the store has told. */
export const session = signal<SessionBody | null>(null);
/** Why it could not tell. */
export const sessionProblem = signal<Problem | null>(null);
/** Whether a session is over that was not signed out from. */
export const hasEnded = signal(false);
/** How often a session has begun while this page was open: what was refused before is read again. */
export const signIns = signal(0);

/** Answers can overtake each other: one to an earlier question than the newest answer is not looked at. */
let asked = 0;
let answered = 0;

export async function readSession(): Promise<void> {
  const turn = ++asked;
  try {
    const { body } = await send<SessionBody>('GET', SESSION_PATH);
    takeOver(turn, body);
  } catch (error) {
    sessionProblem.value = problemOf(error);
  }
}

/** Another tab of this browser can end a session, and begin one, for all of them. */
function takeOver(turn: number, body: SessionBody): void {
  if (turn < answered) return;
  answered = turn;
  const last = session.value;
  batch(() => {
    if (last?.signedIn === true && !body.signedIn) hasEnded.value = true;
    if (body.signedIn) hasEnded.value = false;
    if (last?.signedIn === false && body.signedIn) signIns.value += 1;
    session.value = body;
    sessionProblem.value = null;
  });
}

/** @throws {ProblemError} for a wrong token, after too many, or where the browser does not keep the session. */
export async function signIn(token: string): Promise<void> {
  await send('POST', SESSION_PATH, { body: { token } });
  // The first answer says that a session began. Whether the browser has kept its cookie, the next request shows.
  const turn = ++asked;
  const { body } = await send<SessionBody>('GET', SESSION_PATH);
  if (body.required && !body.signedIn) throw new ProblemError(notKept());
  takeOver(turn, body);
}

/** @throws {ProblemError} */
export async function signOut(): Promise<void> {
  await send('DELETE', SESSION_PATH);
  answered = ++asked;
  batch(() => {
    session.value = null;
    hasEnded.value = false;
  });
  await readSession();
}

function notKept(): Problem {
  const why = isSecureContext
    ? 'it keeps no cookies of this site. Allow them, and sign in again.'
    : 'it keeps none for a page that came over plain HTTP from another machine.';
  return {
    title: 'Not signed in',
    detail: `The token is right, but this browser has not kept the session: ${why}`,
    status: 0,
  };
}
