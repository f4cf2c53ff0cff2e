/** What a message holds: text from outside, shown as text and nothing else. */
import '../look/contents.css';
import { foreignText } from './foreign-text.ts';
import { indented } from './json-text.ts';

/** A longer value of an attribute is cut. */
const ATTRIBUTE_MAX = 1_000;

/** A text of several lines, in a box that scrolls. `name` says to a screen reader what it is. */
export function TextBlock({ text, name }: { readonly text: string; readonly name: string }) {
  return (
    <section class="contents" aria-label={name} ref={reachByKeyboard}>
      <pre>{foreignText(text, { keepsLines: true })}</pre>
    </section>
  );
}

/** What scrolls has to be reached by the keyboard, in every browser. */
function reachByKeyboard(element: HTMLElement | null): void {
  if (element !== null) element.tabIndex = 0;
}

/** JSON with one value a line; another text as it is. */
export function JsonBlock({ text, name }: { readonly text: string; readonly name: string }) {
  return <TextBlock text={indented(text)} name={name} />;
}

/** Names and values, such as the attributes of an event. */
export function Attributes({ of, name }: { readonly of: Readonly<Record<string, unknown>>; readonly name: string }) {
  return (
    <dl class="attributes" aria-label={name}>
      {Object.entries(of).map(([attribute, value]) => (
        <div key={attribute}>
          <dt>{foreignText(attribute, { max: 64 })}</dt>
          <dd class="mono">{foreignText(textOf(value), { max: ATTRIBUTE_MAX })}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A value on one line: a text as it is, anything else as JSON. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
