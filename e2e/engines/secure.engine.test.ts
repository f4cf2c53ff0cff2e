/** A store and a broker that meet over TLS, with passwords and with certificates; and what a start says where they do not. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { openKafkaLog } from '../../functions/engine-kafka.ts';
import { readConfig } from '../../functions/settings.ts';
import { shortHash } from '../../shared/core/hash.ts';
import { orderIn, orderOf, post, request } from '../scenarios/client.ts';
import { afterAllTests, type Env, run, runStore, TestStore, temporaryFolder } from '../scenarios/harness.ts';
import { newAuthority } from './certificates.ts';
import { PASSWORD, type SecureBroker, startSecureBroker, USER } from './secure-broker.ts';
import { describeOnKafka } from './shared-broker.ts';

/** A few seconds, of which the start of Node is a part. */
const REFUSED_MS = 10_000;
const WRONG = 'wrong-0815-word';

describeOnKafka('a broker behind TLS', () => {
  let broker: SecureBroker;
  let folder: string;
  const atEnd = afterAllTests();

  beforeAll(async () => {
    folder = temporaryFolder(atEnd);
    broker = await startSecureBroker(folder);
    atEnd(() => broker.stop());
  });

  const tls = (): Env => ({ LOG: 'kafka', KAFKA_SSL: 'true', KAFKA_SSL_CA_FILE: broker.authority.caFile });

  const withPassword = (mechanism = 'plain', password = PASSWORD): Env => ({
    ...tls(),
    KAFKA_BROKERS: broker.withPassword,
    KAFKA_SASL_MECHANISM: mechanism,
    KAFKA_SASL_USERNAME: USER,
    KAFKA_SASL_PASSWORD: password,
  });

  const withCertificate = (files: { readonly certFile: string; readonly keyFile: string } | null): Env => ({
    ...tls(),
    KAFKA_BROKERS: broker.withCertificate,
    ...(files === null ? {} : { KAFKA_SSL_CERT_FILE: files.certFile, KAFKA_SSL_KEY_FILE: files.keyFile }),
  });

  function fileWith(name: string, text: string): string {
    const file = join(folder, name);
    writeFileSync(file, text);
    return file;
  }

  const ways: readonly [string, () => Env][] = [
    ['a password (PLAIN)', () => withPassword()],
    [
      'a password in a file (SCRAM-SHA-512)',
      () => {
        const { KAFKA_SASL_PASSWORD: password = '', ...settings } = withPassword('scram-sha-512');
        return { ...settings, KAFKA_SASL_PASSWORD_FILE: fileWith('password', `${password}\n`) };
      },
    ],
  ];

  it.each(ways)('carries the messages of a store that brings %s', async (_, settings) => {
    const dataDir = temporaryFolder();
    const prefix = `${shortHash(dataDir)}.`;
    const env = { DATA_DIR: dataDir, KAFKA_TOPIC_PREFIX: prefix, KAFKA_PARTITIONS: '2', ...settings() };
    const store = await TestStore.start('one process', env);

    expect((await post(store.url('/orders'), orderOf('A'))).status).toBe(202);
    await orderIn('confirmed', store.url('/orders/A'));
    await store.settle();
    expect((await request('GET', store.url('/orders/A/why'))).text).toContain('A is confirmed');
    const proof = run('dist/e2e/prove/main.js', [], store.env);

    expect(await proof.exit).toEqual({ code: 0, signal: null });
    expect(await store.stopAll()).toEqual([{ code: 0, signal: null }]);
    const said = [proof.stdout(), proof.stderr(), store.program('order').stdout(), store.program('order').stderr()];
    expect(said.join()).not.toContain(PASSWORD);
  });

  const refusals: readonly [string, () => Env, RegExp][] = [
    [
      'a wrong password',
      () => withPassword('plain', WRONG),
      /^KAFKA_SASL_PASSWORD: the broker does not let saga in with it/,
    ],
    [
      'another authority',
      () => ({ ...withPassword(), KAFKA_SSL_CA_FILE: newAuthority(join(folder, 'other')).caFile }),
      /^KAFKA_SSL_CA_FILE: the authority in this file has not signed the certificate of the broker /,
    ],
    [
      'TLS to a broker that speaks plain text',
      () => ({ ...tls(), KAFKA_BROKERS: broker.plain }),
      /^KAFKA_SSL: the broker ends the connection at the first word of TLS: it speaks plain text here /,
    ],
    [
      'no certificate',
      () => withCertificate(null),
      /^KAFKA_SSL_CERT_FILE: the broker wants to be shown a certificate /,
    ],
  ];

  it.each(refusals)(
    'refuses a store that brings %s, in one sentence that names the setting',
    async (_, settings, sentence) => {
      const env = { DATA_DIR: temporaryFolder(), ...settings() };
      const startMs = performance.now();

      const refused = runStore([], env);

      expect((await refused.exit).code).toBe(1);
      expect(performance.now() - startMs).toBeLessThan(REFUSED_MS);
      expect(refused.stdout()).toBe('');
      const [line = '', ...others] = refused.stderr().trimEnd().split('\n');
      expect(others).toEqual([]);
      expect(line.replace('saga-store: ', '')).toMatch(sentence);
      expect(line).not.toMatch(new RegExp(`${PASSWORD}|${WRONG}|PRIVATE`));
    },
  );

  const problems: readonly [string, () => Env, string][] = [
    [
      'a wrong password for SCRAM',
      () => withPassword('scram-sha-512', WRONG),
      'KAFKA_SASL_PASSWORD: the broker does not let saga in with it',
    ],
    [
      'a mechanism that the broker does not offer',
      () => withPassword('scram-sha-256'),
      'KAFKA_SASL_MECHANISM: the broker does not offer scram-sha-256',
    ],
    [
      'no password',
      () => ({ ...tls(), KAFKA_BROKERS: broker.withPassword }),
      'KAFKA_SASL_MECHANISM: the broker ends each connection that brings no password',
    ],
    [
      'a password to a broker that asks for none',
      () => ({ ...withPassword(), ...withCertificate(broker.authority.issue('asked-for-none')) }),
      'KAFKA_SASL_MECHANISM: the broker asks for no password at this address',
    ],
    [
      'no authority',
      () => ({ ...withPassword(), KAFKA_SSL_CA_FILE: '' }),
      'KAFKA_SSL_CA_FILE: no authority that Node trusts has signed the certificate of the broker',
    ],
    [
      'plain text to a broker that speaks TLS',
      () => ({ LOG: 'kafka', KAFKA_BROKERS: broker.withCertificate }),
      'KAFKA_SSL: the broker ends each connection in plain text: it expects TLS, or a password',
    ],
    [
      'a certificate of another authority',
      () => withCertificate(newAuthority(join(folder, 'stranger')).issue('stranger')),
      'KAFKA_SSL_CERT_FILE: the broker does not take the certificate in this file',
    ],
  ];

  it.each(problems)('names the setting that brings %s', async (_, settings, sentence) => {
    await expect(openKafkaLog(readConfig(settings()), { asked: null }, [])).rejects.toThrow(sentence);
  });

  it('is content with a certificate', async () => {
    const log = await openKafkaLog(readConfig(withCertificate(broker.authority.issue('store'))), { asked: null }, []);
    await log.close();
  });
});
