import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import '../look/dialog.css';

/** A dialog in front of the page. Escape, or the button in its corner, closes it; the focus goes back to where it was. */
export function Dialog({
  title,
  onClose,
  answer,
  children,
}: {
  readonly title: string;
  readonly onClose: () => void;
  /** What its contents depend on: where another one takes away what has the focus, the heading gets it. */
  readonly answer?: unknown;
  readonly children: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const titleId = useId();
  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    heading.current?.focus();
    return () => shown?.close();
  }, []);
  useEffect(() => {
    if (document.activeElement === document.body) heading.current?.focus();
  }, [answer]);
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby={titleId} onClose={onClose}>
      <div class="stack">
        <div class="dialog-head">
          <h2 id={titleId} class="grow" tabIndex={-1} ref={heading}>
            {title}
          </h2>
          <button type="button" class="dialog-close" onClick={onClose} aria-label="Close">
            <span aria-hidden="true">✕</span>
          </button>
        </div>
        {children}
      </div>
    </dialog>
  );
}
