import { useEffect, useRef } from 'preact/hooks';
import type { TraceStep } from '../drawing/causal-order.ts';
import { isSelected, type Selection } from './step-card.tsx';

const moves: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

interface Frame {
  readonly current: HTMLElement | null;
}

/** A click on a line selects what it leads to; for the keyboard that is the card at its end. */
export function useLineClicks(frame: Frame, select: (id: string) => void): void {
  const newest = useRef(select);
  newest.current = select;
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const onClick = ({ target }: MouseEvent) => {
      const line = (target as Element).closest<SVGElement>('[data-leads-to]');
      const id = line?.dataset['leadsTo'];
      if (id !== undefined && id !== '') newest.current(id);
    };
    element.addEventListener('click', onClick);
    return () => element.removeEventListener('click', onClick);
  }, []);
}

/** The arrow keys lead from card to card, in the order of the saga. */
export function useCardKeys(frame: Frame, steps: readonly TraceStep[], selection: Selection): void {
  const newest = useRef({ steps, selection });
  newest.current = { steps, selection };
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const onKeyDown = (event: KeyboardEvent) => {
      const move = moves[event.key];
      const focused = (event.target as Element).closest<HTMLElement>('[data-step]');
      if (move === undefined || focused === null || event.ctrlKey || event.metaKey || event.altKey) return;
      const { steps: all, selection: now } = newest.current;
      const at = all.findIndex((step) => step.id === focused.dataset['step'] || isSelected(step, now));
      const next = all[at + move];
      event.preventDefault();
      if (next === undefined) return;
      now.select(next.id);
      const cards = [...element.querySelectorAll<HTMLElement>('[data-step]')];
      cards.find(({ dataset }) => dataset['step'] === next.id)?.focus();
    };
    element.addEventListener('keydown', onKeyDown);
    return () => element.removeEventListener('keydown', onKeyDown);
  }, []);
}
