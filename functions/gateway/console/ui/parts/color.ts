/** The colour that the class `look` gives to text beside `element`: a canvas knows no classes. */
export function colorOf(element: Element, look: string): string {
  const probe = document.createElement('span');
  probe.className = look;
  probe.hidden = true;
  element.after(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
