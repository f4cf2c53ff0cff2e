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

/** A session is looked at so often: another tab may have ended it, and this browser's clock may be wrong. */
const LOOK_MS = 60_000;
/** The same where it should be over by this browser's clock, and is not. */
const LATE_LOOK_MS = 2_000;

/** Looks again when the session is to end, until it has. */
function useExpiry(expiresAt: string | null): void {
  useEffect(() => {
    if (expiresAt === null) return;
    let timer: ReturnType<typeof setTimeout>;
    const wait = () => {
      const leftMs = Date.parse(expiresAt) - Date.now();
      timer = setTimeout(look, leftMs > 0 ? Math.min(leftMs, LOOK_MS) : LATE_LOOK_MS);
    };
    const look = () => {
      wait();
      void readSession();
    };
    wait();
    return () => clearTimeout(timer);
  }, [expiresAt]);
}
