import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { refusals } from '../api/request.ts';
import { hasEnded, readSession, session, sessionProblem } from '../api/session.ts';
import { ProblemNote, Skeleton } from '../parts/states.tsx';
import { SignIn } from './sign-in.tsx';

/**
 * Shows the pages to who may see them. Where a session ends while a page is open, the page stays as it is below the sign-in: what
 * was typed into it is not lost.
 */
export function SessionGate({ children }: { readonly children: ComponentChildren }) {
  const refused = refusals.value;
  useEffect(() => void readSession(), [refused]);
  const now = session.value;
  const isOpen = now !== null && (!now.required || now.signedIn);
  useExpiry(now?.expiresAt ?? null);
  if (now === null) {
    const problem = sessionProblem.value;
    return problem === null ? <Skeleton /> : <ProblemNote problem={problem} retry={() => void readSession()} />;
  }
  return (
    <>
      {!isOpen && <SignIn hasEnded={hasEnded.value} />}
      {(isOpen || hasEnded.value) && children}
    </>
  );
}

/** Looks again when the session is to end. */
function useExpiry(expiresAt: string | null): void {
  useEffect(() => {
    if (expiresAt === null) return;
    const timer = setTimeout(() => void readSession(), Math.max(0, Date.parse(expiresAt) - Date.now()));
    return () => clearTimeout(timer);
  }, [expiresAt]);
}
