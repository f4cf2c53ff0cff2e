/** Why no broker lets this store in, and which setting is behind it. */
export interface ConnectionProblem {
  readonly setting: string;
  readonly sentence: string;
  /** Whether a broker that is starting cannot be the reason: trying again brings nothing. */
  readonly isSure: boolean;
}

interface Connection {
  readonly ssl?: boolean | { readonly ca?: unknown; readonly cert?: unknown };
  readonly sasl?: { readonly mechanism: string; readonly username: string };
}

/** What Node says of a certificate that nothing it trusts has signed. */
const UNTRUSTED = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
]);
/** What a peer says of the certificate that it was shown, or not shown. */
const REFUSED = /_ALERT_(?:BAD_CERTIFICATE|CERTIFICATE_\w+|UNSUPPORTED_CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)$/;

/** The setting behind the error of a client library; null where the brokers are simply not there. */
export function connectionProblem(error: unknown, connection: Connection): ConnectionProblem | null {
  for (let each = error; each instanceof Error; each = each.cause) {
    const problem = problemOf(each, connection);
    if (problem !== null) return problem;
  }
  return null;
}

function problemOf(error: Error, connection: Connection): ConnectionProblem | null {
  const code = 'code' in error ? String(error.code) : '';
  const type = 'type' in error ? String(error.type) : '';
  const sure = (setting: string, sentence: string) => ({ setting, sentence, isSure: true });
  if (error.name === 'KafkaJSSASLAuthenticationError') {
    const user = connection.sasl?.username ?? '';
    return sure(
      'KAFKA_SASL_PASSWORD',
      `the broker does not let ${user} in with it, or does not know KAFKA_SASL_USERNAME`,
    );
  }
  if (type === 'UNSUPPORTED_SASL_MECHANISM') {
    return sure('KAFKA_SASL_MECHANISM', `the broker does not offer ${connection.sasl?.mechanism ?? ''}`);
  }
  if (type === 'ILLEGAL_SASL_STATE') {
    return sure('KAFKA_SASL_MECHANISM', 'the broker asks for no password at this address: leave it out');
  }
  return tlsProblem(code, connection) ?? closedProblem(error, code, connection);
}

function tlsProblem(code: string, { ssl }: Connection): ConnectionProblem | null {
  const sure = (setting: string, sentence: string) => ({ setting, sentence, isSure: true });
  const { ca, cert } = typeof ssl === 'object' ? ssl : {};
  if (UNTRUSTED.has(code)) {
    const trusted = ca === undefined ? 'no authority that Node trusts has' : 'the authority in this file has not';
    return sure('KAFKA_SSL_CA_FILE', `${trusted} signed the certificate of the broker`);
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return sure('KAFKA_BROKERS', 'the certificate of the broker is for other names than the one in this address');
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return sure('KAFKA_BROKERS', 'the certificate of the broker is not valid now');
  }
  if (REFUSED.test(code)) {
    const shown = cert === undefined ? 'wants to be shown a certificate' : 'does not take the certificate in this file';
    return sure('KAFKA_SSL_CERT_FILE', `the broker ${shown}`);
  }
  const isOtherProtocol = code === 'EPROTO' || code.startsWith('ERR_SSL_');
  return isOtherProtocol ? sure('KAFKA_SSL', 'the broker does not speak TLS as this store does at this address') : null;
}

/** A broker says nothing to who comes in another way than it expects, and neither does one that is going down. */
function closedProblem(error: Error, code: string, { ssl, sasl }: Connection): ConnectionProblem | null {
  const unsure = (setting: string, sentence: string) => ({ setting, sentence, isSure: false });
  if (code === 'ECONNRESET' && ssl !== undefined) {
    return unsure('KAFKA_SSL', 'the broker ends the connection at the first word of TLS: it speaks plain text here');
  }
  if (error.name !== 'KafkaJSConnectionClosedError') return null;
  if (ssl === undefined) {
    const also = sasl === undefined ? ', or a password (KAFKA_SASL_MECHANISM)' : '';
    return unsure('KAFKA_SSL', `the broker ends each connection in plain text: it expects TLS${also}`);
  }
  if (sasl !== undefined) return null;
  return unsure('KAFKA_SASL_MECHANISM', 'the broker ends each connection that brings no password');
}
