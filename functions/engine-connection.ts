/** How the settings say that brokers are reached: addresses, TLS, and who this store is. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KafkajsOptions } from '../shared/adapters/kafka/kafkajs-client.ts';
import { ConfigError } from '../shared/core/errors.ts';
import { textOf } from './engine-secrets.ts';
import type { LogSettings } from './engine-settings.ts';

const NEEDS_TLS = 'it is used only with KAFKA_SSL=true';

type Tls = Exclude<NonNullable<KafkajsOptions['ssl']>, boolean>;

/** @throws {ConfigError} naming the setting that is missing, or whose file cannot be used */
export function connectionOf(settings: LogSettings): KafkajsOptions {
  const { KAFKA_BROKERS: brokers, KAFKA_SASL_MECHANISM: mechanism } = settings;
  const ssl = tlsOf(settings);
  const connection = { brokers, ...(ssl === null ? {} : { ssl }) };
  if (mechanism === undefined) return connection;
  const { KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password } = settings;
  if (username === undefined) throw new ConfigError('KAFKA_SASL_USERNAME', 'KAFKA_SASL_MECHANISM needs it');
  if (password === undefined) {
    throw new ConfigError('KAFKA_SASL_PASSWORD', 'KAFKA_SASL_MECHANISM needs it, or KAFKA_SASL_PASSWORD_FILE');
  }
  return { ...connection, sasl: { mechanism, username, password } };
}

/** What TLS trusts and shows; null for plain text. */
function tlsOf(settings: LogSettings): Tls | null {
  const { KAFKA_SSL_CA_FILE: ca, KAFKA_SSL_CERT_FILE: cert, KAFKA_SSL_KEY_FILE: key } = settings;
  if (!settings.KAFKA_SSL) {
    if (ca !== undefined) throw new ConfigError('KAFKA_SSL_CA_FILE', NEEDS_TLS);
    if (cert !== undefined) throw new ConfigError('KAFKA_SSL_CERT_FILE', NEEDS_TLS);
    if (key !== undefined) throw new ConfigError('KAFKA_SSL_KEY_FILE', NEEDS_TLS);
    return null;
  }
  const trusted = ca === undefined ? {} : { ca: certificateIn('KAFKA_SSL_CA_FILE', ca).text };
  if (cert === undefined && key === undefined) return trusted;
  if (cert === undefined) throw new ConfigError('KAFKA_SSL_CERT_FILE', 'KAFKA_SSL_KEY_FILE needs it');
  if (key === undefined) throw new ConfigError('KAFKA_SSL_KEY_FILE', 'KAFKA_SSL_CERT_FILE needs it');
  return { ...trusted, ...shownBy(cert, key) };
}

function shownBy(certFile: string, keyFile: string): Pick<Tls, 'cert' | 'key'> {
  const { text: cert, certificate } = certificateIn('KAFKA_SSL_CERT_FILE', certFile);
  const key = textOf('KAFKA_SSL_KEY_FILE', keyFile);
  const wanted = 'the file has no private key in PEM that opens without a passphrase';
  const privateKey = attempt('KAFKA_SSL_KEY_FILE', wanted, () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new ConfigError('KAFKA_SSL_KEY_FILE', 'its key is not that of the certificate in KAFKA_SSL_CERT_FILE');
  }
  return { cert, key };
}

/** A file without a certificate is no error for TLS itself: it would trust in none, or show none. */
function certificateIn(setting: string, file: string) {
  const text = textOf(setting, file);
  const certificate = attempt(setting, 'the file has no certificate in PEM', () => new X509Certificate(text));
  return { text, certificate };
}

/** What OpenSSL says of a file means nothing to its reader. */
function attempt<Result>(setting: string, problem: string, work: () => Result): Result {
  try {
    return work();
  } catch {
    throw new ConfigError(setting, problem);
  }
}
