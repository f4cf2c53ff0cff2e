import { describe, expect, it } from 'vitest';
import { openKafkaLog } from './engine-kafka.ts';
import { readConfig } from './settings.ts';

const open = (env: Readonly<Record<string, string>>) => openKafkaLog(readConfig({ LOG: 'kafka', ...env }), {}, []);

describe('the connection to Kafka', () => {
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
});
