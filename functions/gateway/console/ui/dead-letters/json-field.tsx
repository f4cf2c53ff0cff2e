import { Fragment } from 'preact';
import { useId, useRef } from 'preact/hooks';
import { foreignText } from '../parts/foreign-text.ts';

const ROWS_MIN = 8;
const ROWS_MAX = 32;

/** What is wrong in a line; lines count from 1. `offset`, where it is known: of the character. */
export interface LineError {
  readonly line: number;
  readonly column?: number;
  readonly offset?: number;
  readonly detail: string;
}

/** A text area with the numbers of its lines, and what is wrong in them below it. */
export function JsonField({
  labelledBy,
  text,
  errors,
  onType,
}: {
  /** The id of its heading. */
  readonly labelledBy: string;
  readonly text: string;
  readonly errors: readonly LineError[];
  readonly onType: (text: string) => void;
}) {
  const area = useRef<HTMLTextAreaElement>(null);
  const numbers = useRef<HTMLPreElement>(null);
  const errorsId = useId();
  const lines = text.split('\n');
  const wrong = new Set(errors.map(({ line }) => line));
  const scroll = () => {
    if (numbers.current !== null && area.current !== null) numbers.current.scrollTop = area.current.scrollTop;
  };
  const select = ({ line, offset }: LineError) => {
    const start = offset ?? lines.slice(0, line - 1).join('\n').length + (line > 1 ? 1 : 0);
    area.current?.focus();
    area.current?.setSelectionRange(start, offset === undefined ? start + (lines[line - 1]?.length ?? 0) : start);
  };
  return (
    <div class="stack">
      <div class="json-field">
        <pre class="json-lines" ref={numbers} aria-hidden="true">
          <LineNumbers count={lines.length} wrong={[...wrong]} />
        </pre>
        <textarea
          aria-labelledby={labelledBy}
          ref={area}
          value={text}
          rows={Math.min(ROWS_MAX, Math.max(ROWS_MIN, lines.length + 1))}
          wrap="off"
          spellcheck={false}
          aria-invalid={errors.length > 0}
          aria-describedby={errorsId}
          onInput={({ currentTarget }) => onType(currentTarget.value)}
          onScroll={scroll}
        />
      </div>
      <ul id={errorsId} aria-live="polite" class="json-errors">
        {errors.map((error) => (
          <li key={`${error.line} ${error.detail}`}>
            <button type="button" class="link is-bad" onClick={() => select(error)}>
              Line {error.line}
              {error.column === undefined ? '' : `, column ${error.column}`}
            </button>
            : {foreignText(error.detail, { max: 500 })}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The numbers from 1 to `count`; those of lines that are wrong are marked. Few elements, also for many lines. */
function LineNumbers({ count, wrong }: { readonly count: number; readonly wrong: readonly number[] }) {
  const marked = wrong.filter((line) => line <= count).sort((one, other) => one - other);
  return [...marked, count + 1].map((line, n) => (
    <Fragment key={line}>
      {numbersBetween(marked[n - 1] ?? 0, line)}
      {line <= count && <span class="is-bad">{`✕ ${line}\n`}</span>}
    </Fragment>
  ));
}

function numbersBetween(before: number, behind: number): string {
  return Array.from({ length: behind - before - 1 }, (_, n) => `${before + 1 + n}\n`).join('');
}
