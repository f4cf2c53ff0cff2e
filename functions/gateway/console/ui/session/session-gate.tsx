import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { refusals } from '../api/request.ts';
import { hasEnded, readSession, session, sessionProblem } from '../api/session.ts';
import { ProblemNote, Skeleton } from '../parts/states.tsx';
import { SignIn } from './sign-in.tsx';

/**
 * Shows the pages to who may see them. Where a session ends while a page is open, the page stays as it is behind the sign-in: what
 * was typed into it, or into a dialog, is not lost.
 */
export function SessionGate({ children }: { readonly children: ComponentChildren }) {
  const refused = refusals.value;
  useEffect(() => void readSession(), [refused]);
  const now = session.value;
  const isOpen = now !== null && (!now.required || now.signedIn);
  useSessionReads(now?.required === true, now?.expiresAt ?? null);
  if (now === null) {
    const problem = sessionProblem.value;
    return problem === null ? <Skeleton /> : <ProblemNote problem={problem} retry={() => void readSession()} />;
  }
  return (
    <>
      {!isOpen && (hasEnded.value ? <SignInAgain /> : <SignIn hasEnded={false} />)}
      {(isOpen || hasEnded.value) && children}
    </>
  );
}

/** A modal dialog, so that it can be used also in front of another one that is open. Only a sign-in closes it. */
function SignInAgain() {
  const dialog = useRef<HTMLDialogElement>(null);
  const show = () => {
    if (dialog.current?.isConnected === true) dialog.current.showModal();
  };
  useEffect(() => {
    const shown = dialog.current;
    show();
    // Where it closes for a moment, the next Escape is for the dialog behind it.
    const stay = (event: KeyboardEvent) => event.key === 'Escape' && event.preventDefault();
    addEventListener('keydown', stay, true);
    return () => {
      removeEventListener('keydown', stay, true);
      shown?.close();
    };
  }, []);
  return (
    <dialog ref={dialog} class="session-dialog" aria-labelledby="sign-in" onClose={show}>
      <SignIn hasEnded />
    </dialog>
  );
}

/** A session is read so often: another tab may have ended it, and this browser's clock may be wrong. */
const READ_MS = 60_000;
/** The same where it should be over by this browser's clock, and where there is none: another tab may begin one. */
const SOON_MS = 2_000;

/** Reads the session again when it is to end, until it has, and from then on until there is another. */
function useSessionReads(isRequired: boolean, expiresAt: string | null): void {
  useEffect(() => {
    if (!isRequired) return;
    let timer: ReturnType<typeof setTimeout>;
    const wait = () => {
      const leftMs = expiresAt === null ? 0 : Date.parse(expiresAt) - Date.now();
      timer = setTimeout(read, leftMs > 0 ? Math.min(leftMs, READ_MS) : SOON_MS);
    };
    const read = () => {
      wait();
      void readSession();
    };
    wait();
    return () => clearTimeout(timer);
  }, [isRequired, expiresAt]);
}
