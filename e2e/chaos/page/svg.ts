/** Builds SVG and HTML as text. Text from outside has to go through `escaped`. */
import { printable } from '../../../shared/core/printable.ts';

/** Escapes text for use in an element or an attribute; control characters are shown as escapes. */
export function escaped(text: string): string {
  return printable(text, Number.POSITIVE_INFINITY)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

type Attributes = Readonly<Record<string, string | number>>;

/** An element. `children` are markup; numbers are rounded to two decimals. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const texts = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(valueText(value))}"`);
  return children.length === 0
    ? `<${name}${texts.join('')}/>`
    : `<${name}${texts.join('')}>${children.join('')}</${name}>`;
}

function valueText(value: string | number): string {
  return typeof value === 'number' ? String(Math.round(value * 100) / 100) : value;
}

/** The tooltip of an element. */
export function title(text: string): string {
  return element('title', {}, escaped(text));
}

export function text(x: number, y: number, content: string, attributes: Attributes = {}): string {
  return element('text', { x, y, ...attributes }, escaped(content));
}
