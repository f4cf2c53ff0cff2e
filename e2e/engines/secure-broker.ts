/** A broker that wants to know who comes: TLS with passwords on one port, TLS with certificates on another. */
import { join } from 'node:path';
import { freePorts } from '../tools/free-ports.ts';
import { type Broker, type BrokerSettings, startBroker } from './broker.ts';
import { type Authority, keyStoreOf, newAuthority } from './certificates.ts';

export const USER = 'saga';
/** Made up for the test: it must not be seen in any output. */
export const PASSWORD = 'pass-4711-word';

const SASL = 'org.apache.kafka.common.security';

export interface SecureBroker {
  /** Without TLS and passwords. */
  readonly plain: string;
  /** TLS, and a user with a password: PLAIN, or SCRAM-SHA-512. */
  readonly withPassword: string;
  /** TLS, and a certificate of {@link authority}. */
  readonly withCertificate: string;
  readonly authority: Authority;
  stop(): Promise<void>;
}

/** @param folder for its certificates */
export async function startSecureBroker(folder: string): Promise<SecureBroker> {
  const authority = newAuthority(join(folder, 'authority'));
  const keyStore = keyStoreOf(authority.issue('broker'));
  const [passwordPort = 0, certificatePort = 0] = await freePorts(2);
  const address = (port: number) => `127.0.0.1:${port}`;
  const added = `PASSWORD://${address(passwordPort)},CERTIFICATE://${address(certificatePort)}`;
  const broker: Broker = await startBroker({
    formatOptions: ['--add-scram', `SCRAM-SHA-512=[name=${USER},password=${PASSWORD}]`],
    changes: (own): BrokerSettings => ({
      listeners: `${own['listeners']},${added}`,
      'advertised.listeners': `${own['advertised.listeners']},${added}`,
      'listener.security.protocol.map': `${own['listener.security.protocol.map']},PASSWORD:SASL_SSL,CERTIFICATE:SSL`,
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      // Who comes in plain text, other brokers among them. For who comes otherwise access lists count where there are some.
      'super.users': 'User:ANONYMOUS',
      'allow.everyone.if.no.acl.found': true,
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': keyStore,
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.location': authority.caFile,
      'listener.name.certificate.ssl.client.auth': 'required',
      'listener.name.password.sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-512',
      'listener.name.password.plain.sasl.jaas.config': `${SASL}.plain.PlainLoginModule required user_${USER}="${PASSWORD}";`,
      'listener.name.password.scram-sha-512.sasl.jaas.config': `${SASL}.scram.ScramLoginModule required;`,
    }),
  });
  return {
    plain: broker.address,
    withPassword: address(passwordPort),
    withCertificate: address(certificatePort),
    authority,
    stop: () => broker.stop(),
  };
}
