import type { NodeBody } from '../../../../../shared/runtime/inspect/trace-representation.ts';
import type { TraceStep } from '../drawing/causal-order.ts';
import { CopyButton } from '../parts/copy-button.tsx';
import { foreignText } from '../parts/foreign-text.ts';
import { JsonTree } from '../parts/json-tree.tsx';
import { FunctionName, Status } from '../parts/status.tsx';
import { When } from '../parts/when.tsx';
import { curlFor } from './advice.ts';
import { isSelected, type Selection } from './step-card.tsx';

/** The messages as they were written: a table, and the one that is selected. */
export function RawView({ steps, selection }: { readonly steps: readonly TraceStep[]; readonly selection: Selection }) {
  const rows = steps.flatMap((step) => step.nodes.map((node) => ({ node, step })));
  const selected = rows.find(({ node }) => node.id === selection.id) ?? null;
  return (
    <div class="raw">
      <div class="scroll">
        <table class="raw-table">
          <thead>
            <tr>
              <th scope="col">Type</th>
              <th scope="col">At</th>
              <th scope="col">Time</th>
              <th scope="col">Id</th>
              <th scope="col" class="raw-place">
                Place
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ node, step }) => (
              <RawRow key={node.id} node={node} step={step} selection={selection} />
            ))}
          </tbody>
        </table>
      </div>
      {selected === null ? (
        <p class="quiet raw-hint">Select a card, an arrow or a row to see its message.</p>
      ) : (
        <Message node={selected.node} type={selected.step.type} />
      )}
    </div>
  );
}

function RawRow({
  node,
  step,
  selection,
}: {
  readonly node: NodeBody;
  readonly step: TraceStep;
  readonly selection: Selection;
}) {
  const { id, type, at, time, topic, message } = node;
  const isOn = node.id === selection.id || (step.nodes[0] === node && isSelected(step, selection));
  return (
    <tr class={isOn ? 'is-selected' : ''} onClick={() => selection.select(id)}>
      <td>
        <button
          type="button"
          class="raw-select"
          aria-pressed={isOn}
          onClick={(event) => {
            event.stopPropagation();
            selection.select(id);
          }}
        >
          {foreignText(type ?? step.type, { max: 64 })}
        </button>
      </td>
      <td>
        <FunctionName name={at} />
      </td>
      <td class="quiet">
        <When at={time} />
      </td>
      <td class="mono raw-id">{foreignText(id)}</td>
      <td class="quiet raw-place">{topic === null || message === null ? '' : `${topic} ${message.position}`}</td>
    </tr>
  );
}

function Message({ node, type }: { readonly node: NodeBody; readonly type: string }) {
  const { id, message, reads, notice, causationId } = node;
  const event = message === null ? null : { ...message.attributes, data: message.data };
  return (
    <section class="raw-message stack" aria-label="The selected message">
      <div class="row">
        <h3 class="grow">{foreignText(node.type ?? type, { max: 64 })}</h3>
        {event !== null && <CopyButton text={JSON.stringify(event, null, 2)}>Copy as JSON</CopyButton>}
        <CopyButton text={curlFor(location.origin, id)}>Copy as curl</CopyButton>
      </div>
      {reads.length > 0 && (
        <ul class="row" aria-label="Readers">
          {reads.map(({ by, state, letter }) => (
            <li key={by}>
              <FunctionName name={by} /> <Status of={state} />
              {letter !== null && (
                <>
                  {' '}
                  <a href={`/console/dead-letters/${encodeURIComponent(by)}/${encodeURIComponent(letter)}`}>
                    {foreignText(letter)}
                  </a>
                </>
              )}
            </li>
          ))}
        </ul>
      )}
      {notice !== null && (
        <p>
          {foreignText(notice.status)}
          {notice.detail !== null && <span class="is-bad"> {foreignText(notice.detail, { max: 500 })}</span>}
        </p>
      )}
      {causationId !== null && causationId !== id && (
        <p class="quiet">
          answers <span class="mono">{foreignText(causationId)}</span>
        </p>
      )}
      {event === null ? (
        <p class="quiet">{missingText(node)}</p>
      ) : (
        <>
          {message?.isCut === true && <p class="is-wait">It is longer than what is shown; this is its beginning.</p>}
          <JsonTree value={event} />
        </>
      )}
    </section>
  );
}

function missingText({ kind, at }: NodeBody): string {
  if (kind === 'notice') return 'A notice is no message: what it says was sent to the customer.';
  if (kind === 'command') return 'A command that came over HTTP, or from a timer, is not stored; what it led to is.';
  return `Its content is not there: it was pruned, or ${at} does not answer.`;
}
