import { choreography, noticeFacts, type Step } from './choreography.ts';
import { transitions } from './lifecycle.ts';

/** The saga as two Mermaid diagrams: the steps, and the life-cycle of an order. ARCHITECTURE.md shows them. */
export function diagram(): string {
  const steps = choreography.flatMap(arrows);
  const changes = transitions.map(({ from, event, to }) => `  ${from ?? '[*]'} --> ${to}: ${event}`);
  return [fenced(['flowchart LR', ...steps]), fenced(['stateDiagram-v2', ...changes])].join('\n\n');
}

/** `StockReserved ==>|order| OrderConfirmed`: a thick arrow is the pivot, a dotted one a compensation. */
function arrows({ on, by, emits, kind }: Step): string[] {
  const arrow = kind === 'pivot' ? '==>' : kind === 'compensation' ? '-.->' : '-->';
  if (by === 'notification')
    return noticeFacts.includes(on) ? [`  ${on} -->|notification| notice([a notice to the customer])`] : [];
  return emits.map((event) => `  ${on} ${arrow}|${by}| ${event}`);
}

function fenced(lines: readonly string[]): string {
  return ['```mermaid', ...lines, '```'].join('\n');
}
