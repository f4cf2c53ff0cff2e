import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openKafkaLog } from './engine-kafka.ts';
import { readConfig } from './settings.ts';

const open = (env: Readonly<Record<string, string>>) => openKafkaLog(readConfig({ LOG: 'kafka', ...env }), {}, []);

/** Of a key that was thrown away. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBbjCCARWgAwIBAgIUD68XB/RvwxKtlpgCd1UcyXBTk58wCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBYTAgFw0yNjExMjcwMzMy
MThaGA8yMTI2MTEwMzAzMzIxOFowDDEKMAgGA1UEAwwBYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCgFTgPZhkv985H/rlv7
8y+EaEMc4AkyfgONQHG0bixOGm3IKQIOxl4Tk/k8f4eqhGV4L/6UBjoGV12Eq4+527yjUzBRMB0GA1UdDgQWBBQ4U7YxHUr87iMo
xQ5Uz5o8uWktYTAfBgNVHSMEGDAWgBQ4U7YxHUr87iMoxQ5Uz5o8uWktYTAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cA
MEQCIDoJU4i0GABY08EWrVVqf52TZjxRirkZgbsRHvUji+o6AiBqUzx5G8l3/8u2VNA+I7fvelycbS+xhxN1pdr16eeKAw==
-----END CERTIFICATE-----
`;

describe('the connection to Kafka', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'saga-store-tls-'));
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const write = (name: string, text: string | Buffer) => writeFileSync(join(folder, name), text);
    write('text', 'a text that is no certificate');
    write('one.pem', CERTIFICATE);
    write('other.key', privateKey.export({ type: 'pkcs8', format: 'pem' }));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    [{ KAFKA_SASL_MECHANISM: 'plain' }, 'KAFKA_SASL_USERNAME: KAFKA_SASL_MECHANISM needs it'],
    [
      { KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: 'me' },
      'KAFKA_SASL_PASSWORD: KAFKA_SASL_MECHANISM needs it, or KAFKA_SASL_PASSWORD_FILE',
    ],
    [{ KAFKA_SSL_CA_FILE: '/etc/ca.pem' }, 'KAFKA_SSL_CA_FILE: it is used only with KAFKA_SSL=true'],
    [
      { KAFKA_SSL: 'true', KAFKA_SSL_CA_FILE: '/dev/null/ca.pem' },
      'KAFKA_SSL_CA_FILE: the file cannot be read: ENOTDIR',
    ],
  ])('is refused with a half of its settings: %j', async (env, sentence) => {
    await expect(open(env as Readonly<Record<string, string>>)).rejects.toThrow(sentence);
  });

  it.each([
    [{ KAFKA_SSL_CA_FILE: 'text' }, 'KAFKA_SSL_CA_FILE: the file has no certificate in PEM'],
    [{ KAFKA_SSL_CERT_FILE: 'one.pem' }, 'KAFKA_SSL_KEY_FILE: KAFKA_SSL_CERT_FILE needs it'],
    [{ KAFKA_SSL_KEY_FILE: 'other.key' }, 'KAFKA_SSL_CERT_FILE: KAFKA_SSL_KEY_FILE needs it'],
    [
      { KAFKA_SSL_CERT_FILE: 'text', KAFKA_SSL_KEY_FILE: 'other.key' },
      'KAFKA_SSL_CERT_FILE: the file has no certificate in PEM',
    ],
    [
      { KAFKA_SSL_CERT_FILE: 'one.pem', KAFKA_SSL_KEY_FILE: 'text' },
      'KAFKA_SSL_KEY_FILE: the file has no private key in PEM that opens without a passphrase',
    ],
    [
      { KAFKA_SSL_CERT_FILE: 'one.pem', KAFKA_SSL_KEY_FILE: 'other.key' },
      'KAFKA_SSL_KEY_FILE: its key is not that of the certificate in KAFKA_SSL_CERT_FILE',
    ],
  ])('is refused with files that cannot be used, and says nothing of what they hold: %j', async (files, sentence) => {
    const places = Object.entries(files).map(([setting, name]) => [setting, join(folder, name)]);
    const { message } = await open({ KAFKA_SSL: 'true', ...Object.fromEntries(places) }).catch((error) => error);

    expect(message).toBe(sentence);
  });
});
