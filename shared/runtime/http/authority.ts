/** A host with its port, as in a `Host` header. */
export interface Authority {
  /** In lower case, without a dot at its end; an IPv6 address in brackets. */
  readonly name: string;
  /** Null where none is written. */
  readonly port: number | null;
  /** The same as text, in the form that browsers send. */
  readonly authority: string;
  /** The origin of pages that come from it over HTTP, in the form that browsers send. */
  readonly origin: string;
}

const FORM = /^(\[[0-9a-f:.]+\]|[a-z0-9._~%-]+)(?::(\d{0,5}))?$/i;
const PORT_MAX = 65_535;

/** The parts of `host` or `host:port`; null when it is neither. */
export function parseAuthority(text: string): Authority | null {
  const [, host, digits = ''] = FORM.exec(text) ?? [];
  if (host === undefined || Number(digits) > PORT_MAX) return null;
  const port = digits === '' ? '' : `:${digits}`;
  if (!URL.canParse(`http://${host}${port}`)) return null;
  // Parsed as browsers do, which also write `127.1` as 127.0.0.1.
  const { hostname, origin } = new URL(`http://${host}${port}`);
  const name = hostname.replace(/\.$/, '');
  return { name, port: digits === '' ? null : Number(digits), authority: origin.slice('http://'.length), origin };
}

/** An origin in the form that browsers send; null when the text is none of HTTP, such as `null`, or has more to it. */
export function parseOrigin(text: string): string | null {
  return /^https?:\/\/[^/?#@*]+$/i.test(text) && URL.canParse(text) ? new URL(text).origin : null;
}

/** Whether a name always means this machine. The name comes from {@link parseAuthority}. */
export function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost') || isLoopbackAddress(name.replace(/^\[|\]$/g, ''));
}

/** Whether an IP address is one of the loopback interface. An IPv6 address has no brackets. */
export function isLoopbackAddress(address: string): boolean {
  return /^(?:::ffff:)?127\.\d+\.\d+\.\d+$|^::1$|^::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}$/i.test(address);
}
