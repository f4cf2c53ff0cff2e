import { describe, expect, it } from 'vitest';
import { connectionProblem } from './connection-problem.ts';

const sasl = { mechanism: 'plain', username: 'saga' };

function named(name: string, fields: Readonly<Record<string, string>> = {}): Error {
  return Object.assign(new Error('of the library'), { name, ...fields });
}

const connectionError = (code: string) => named('KafkaJSConnectionError', { code });
const closed = named('KafkaJSConnectionClosedError');

describe('the setting behind a connection that fails', () => {
  it.each([
    ['a refused password', named('KafkaJSSASLAuthenticationError'), { ssl: true, sasl }, 'KAFKA_SASL_PASSWORD'],
    ['an authority', connectionError('SELF_SIGNED_CERT_IN_CHAIN'), { ssl: { ca: 'x' } }, 'KAFKA_SSL_CA_FILE'],
    ['another name', connectionError('ERR_TLS_CERT_ALTNAME_INVALID'), { ssl: true }, 'KAFKA_BROKERS'],
    ['an old certificate', connectionError('CERT_HAS_EXPIRED'), { ssl: true }, 'KAFKA_BROKERS'],
    [
      'a certificate that is wanted, by TLS 1.3',
      connectionError('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'),
      { ssl: true },
      'KAFKA_SSL_CERT_FILE',
    ],
    ['an unknown authority', connectionError('ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'), { ssl: true }, 'KAFKA_SSL_CERT_FILE'],
    ['no TLS', connectionError('ERR_SSL_WRONG_VERSION_NUMBER'), { ssl: true }, 'KAFKA_SSL'],
  ])('is known at once of %s', (_, error, connection, setting) => {
    expect(connectionProblem(error, connection)).toMatchObject({ setting, isSure: true });
  });

  it.each([
    ['plain text', closed, {}, 'KAFKA_SSL'],
    ['TLS', connectionError('ECONNRESET'), { ssl: true }, 'KAFKA_SSL'],
    ['TLS without a password', closed, { ssl: true }, 'KAFKA_SASL_MECHANISM'],
  ])(
    'is supposed where a broker ends a connection with %s, which one that starts does as well',
    (_, error, connection, setting) => {
      expect(connectionProblem(error, connection)).toMatchObject({ setting, isSure: false });
    },
  );

  it('is found in what caused the error', () => {
    const error = new Error('retries are over', { cause: connectionError('CERT_UNTRUSTED') });

    expect(connectionProblem(error, { ssl: true })?.setting).toBe('KAFKA_SSL_CA_FILE');
  });

  it.each([
    ['nothing listens', connectionError('ECONNREFUSED'), { ssl: true, sasl }],
    ['a broker in plain text resets a connection', connectionError('ECONNRESET'), {}],
    ['who has shown all that can be shown is sent away', closed, { ssl: true, sasl }],
  ])('is not guessed where %s', (_, error, connection) => {
    expect(connectionProblem(error, connection)).toBeNull();
  });
});
