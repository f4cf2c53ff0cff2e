import { session, signOut } from '../api/session.ts';

/** Ends the session of an operator; not there without one. */
export function SignOutButton() {
  const now = session.value;
  if (now === null || !now.required || !now.signedIn) return null;
  return (
    <button type="button" onClick={() => void signOut()}>
      Sign out
    </button>
  );
}
