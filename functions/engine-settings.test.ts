import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logNamed, logNameOf } from './engine-settings.ts';
import { readConfig } from './settings.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'secrets-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function fileOf(text: string | Uint8Array): string {
  const file = join(folder, 'secret');
  writeFileSync(file, text);
  return file;
}

describe('the settings of the log', () => {
  it('name the embedded log and a broker of this machine by default', () => {
    expect(readConfig({})).toMatchObject({ LOG: 'embedded', KAFKA_BROKERS: ['127.0.0.1:9092'], KAFKA_PARTITIONS: 6 });
  });

  it.each([
    ['LOG', 'redis', 'LOG: must be one of embedded, kafka; it is "redis"'],
    ...['broker', '[::1]:9092', 'a:1,::1:2'].map((value) => [
      'KAFKA_BROKERS',
      value,
      `KAFKA_BROKERS: must be host:port, or several of them separated by commas, where a host is a name or an IPv4 address; it is "${value}"`,
    ]),
    ...['a:0', 'a:65536', 'a:1,b:99999'].map((value) => [
      'KAFKA_BROKERS',
      value,
      `KAFKA_BROKERS: must have ports from 1 to 65535; it is "${value}"`,
    ]),
    [
      'KAFKA_TOPIC_PREFIX',
      'a b',
      'KAFKA_TOPIC_PREFIX: must be at most 100 letters, digits, dots, underscores or hyphens',
    ],
    ['KAFKA_PARTITIONS', '0', 'KAFKA_PARTITIONS: '],
    ['KAFKA_REPLICAS', '0', 'KAFKA_REPLICAS: '],
    ['OUTBOX_UNSENT_MAX', '-1', 'OUTBOX_UNSENT_MAX: '],
  ])('are refused by name: %s=%s', (setting = '', value, sentence) => {
    expect(() => readConfig({ [setting]: value })).toThrow(sentence);
  });

  it('take several brokers', () => {
    expect(readConfig({ KAFKA_BROKERS: 'a:1,b:65535' }).KAFKA_BROKERS).toEqual(['a:1', 'b:65535']);
  });

  it.each([
    ['embedded', ''],
    ['kafka', ''],
    ['kafka', 'shop.'],
  ] as const)('give the log %s with the prefix "%s" a name that leads back to it', (LOG, KAFKA_TOPIC_PREFIX) => {
    expect(logNamed(logNameOf({ LOG, KAFKA_TOPIC_PREFIX }))).toEqual({ LOG, KAFKA_TOPIC_PREFIX });
  });
});

describe('a secret', () => {
  it('is the text of its file, without the newline at its end', () => {
    expect(readConfig({ KAFKA_SASL_PASSWORD_FILE: fileOf(' top\nsecret \n') })).toMatchObject({
      KAFKA_SASL_PASSWORD: ' top\nsecret ',
    });
  });

  it('is refused where it is given in both ways, without showing it', () => {
    const env = { OPERATIONS_TOKEN: 'hidden-hidden-hidden', OPERATIONS_TOKEN_FILE: fileOf('hidden') };

    expect(() => readConfig(env)).toThrow('OPERATIONS_TOKEN_FILE: OPERATIONS_TOKEN is set as well; set one of them');
  });

  it('is refused where its file cannot be read, or is no text', () => {
    expect(() => readConfig({ OPERATIONS_TOKEN_FILE: join(folder, 'none') })).toThrow(
      'OPERATIONS_TOKEN_FILE: the file cannot be read: ENOENT',
    );
    expect(() => readConfig({ OPERATIONS_TOKEN_FILE: fileOf(new Uint8Array([0xff])) })).toThrow(
      'OPERATIONS_TOKEN_FILE: the file cannot be read',
    );
  });
});
