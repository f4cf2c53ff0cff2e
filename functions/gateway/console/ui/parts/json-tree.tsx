import '../look/json-tree.css';
import { foreignText } from './foreign-text.ts';

/** Deeper values begin folded, and longer lists are cut. */
const OPEN_DEPTH = 2;
const ENTRIES_MAX = 100;
const TEXT_MAX = 4_096;

/** A value as a tree whose branches fold. Texts stay texts: nothing in it is a link. */
export function JsonTree({ value, name = null, depth = 0 }: { value: unknown; name?: string | null; depth?: number }) {
  if (value === null || typeof value !== 'object') {
    return (
      <div class="json-leaf">
        <Name name={name} />
        <Scalar value={value} />
      </div>
    );
  }
  const isList = Array.isArray(value);
  const entries = Object.entries(value);
  return (
    <details class="json-branch" open={depth < OPEN_DEPTH}>
      <summary>
        <Name name={name} />
        <span class="quiet">{isList ? `[${entries.length}]` : `{${entries.length}}`}</span>
      </summary>
      {entries.slice(0, ENTRIES_MAX).map(([key, each]) => (
        <JsonTree key={key} name={key} value={each} depth={depth + 1} />
      ))}
      {entries.length > ENTRIES_MAX && <div class="json-leaf quiet">… {entries.length - ENTRIES_MAX} more</div>}
    </details>
  );
}

function Name({ name }: { readonly name: string | null }) {
  return name === null ? null : <span class="json-name">{foreignText(name, { max: 128 })} </span>;
}

function Scalar({ value }: { readonly value: unknown }) {
  if (typeof value === 'string')
    return <span class="json-text">{foreignText(JSON.stringify(value), { max: TEXT_MAX })}</span>;
  return <span class="json-value">{String(value)}</span>;
}
