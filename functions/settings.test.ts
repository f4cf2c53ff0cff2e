import { describe, expect, it } from 'vitest';
import { ConfigError } from '../shared/core/errors.ts';
import { formerSettings, readConfig } from './settings.ts';

describe('the settings', () => {
  it('all have defaults', () => {
    expect(readConfig({})).toMatchObject({
      HOST: '127.0.0.1',
      GATEWAY_PORT: 8900,
      INVENTORY_PORT: 8901,
      ORDER_PORT: 8902,
      NOTIFICATION_PORT: 8903,
      DATA_DIR: './data',
      ENABLE_AUTOMATION: false,
      DEFAULT_CURRENCY: 'EUR',
      ORDER_DEADLINE_S: 900,
      BACKORDER_DEADLINE_S: 604_800,
    });
  });

  it('are parsed to their types, and an empty one counts as absent', () => {
    const config = readConfig({
      ORDER_PORT: '0',
      ENABLE_AUTOMATION: 'true',
      HOST: '',
      UNKNOWN: 'x',
      NODE_ENV: undefined,
    });

    expect(config).toMatchObject({ ORDER_PORT: 0, ENABLE_AUTOMATION: true, HOST: '127.0.0.1' });
  });

  it.each([
    ['DATA_DIR', '/data/M\uFFFDller'],
    ['HOST', '\uFFFD'],
    ['OPERATIONS_TOKEN', 'se\uFFFDcret'],
    ['INBOX_FOLD_DAYS', '\uFFFD'],
  ])('name %s where its value was not UTF-8', (name, value) => {
    expect(() => readConfig({ [name]: value, UNKNOWN: '\uFFFD' })).toThrow(
      new ConfigError(name, 'must be UTF-8, without U+FFFD'),
    );
    expect(() => readConfig({ UNKNOWN: '\uFFFD', DATA_DIR: '/data/Müller' })).not.toThrow();
  });

  it.each([
    ['GATEWAY_PORT', '70000', 'must be at most 65535; it is "70000"'],
    ['GATEWAY_PORT', '-1', 'must be at least 0; it is "-1"'],
    ['DATA_DIR', ' ', 'must be a folder, and is blank'],
    ['ORDER_PORT', 'http', 'must be a whole number; it is "http"'],
    ['ENABLE_AUTOMATION', 'yes', '"yes"'],
    ['DEFAULT_CURRENCY', 'EURO', 'must be a currency of ISO 4217, such as EUR; it is "EURO"'],
    ['ORDER_URL', 'order:8902', '"order:8902"'],
    ['LOG_LEVEL', 'loud', '"loud"'],
    ['EMBEDDED_POLL_MS', '0', '"0"'],
    ['ORDER_DEADLINE_S', '0', '"0"'],
    ['BACKORDER_DEADLINE_S', 'week', 'must be a whole number; it is "week"'],
    ['GATEWAY_RETRIES', ' ', 'must be a whole number; it is " "'],
    ['GATEWAY_RETRIES', '-1', 'must be at least 0; it is "-1"'],
    ['KAFKA_PARTITIONS', '0x10', 'must be a whole number; it is "0x10"'],
    ['RETRY_ATTEMPTS', '1e2', 'must be a whole number; it is "1e2"'],
    ['LOG_RETENTION_DAYS', '1.5', 'must be a whole number; it is "1.5"'],
    ['NOTICE_RETRY_FACTOR', '0x2', 'must be a number; it is "0x2"'],
    ['RETRY_FACTOR', '10.5', 'must be at most 10; it is "10.5"'],
  ])('stop the start with a reason when %s is %s', (setting, value, detail) => {
    const read = () => readConfig({ [setting]: value });

    expect(read).toThrow(ConfigError);
    expect(read).toThrow(expect.objectContaining({ setting, message: expect.stringContaining(`${setting}: `) }));
    expect(read).toThrow(detail);
  });

  it('stop the start when the token is invalid, without showing it', () => {
    const read = () => readConfig({ OPERATIONS_TOKEN: 'open sesame' });

    expect(read).toThrow('OPERATIONS_TOKEN: must have 1 to 256 visible ASCII characters');
    expect(read).not.toThrow('open sesame');
  });

  it('are read by a former name for one more release, and the new name overrides it', () => {
    const former = { INBOX_FOLD_DAYS: '8', LETTER_REPLAYS_MAX: '2', LETTER_REPLAYS_PER_SECOND: '3', LOG_LEVEL: 'warn' };

    expect(readConfig({ ...former, DEAD_LETTER_REPLAYS_MAX: '4' })).toMatchObject({
      INBOX_WATERMARK_DAYS: 8,
      DEAD_LETTER_REPLAYS_MAX: 4,
      DEAD_LETTER_REPLAYS_PER_SECOND: 3,
    });
    expect(() => readConfig({ LETTER_REPLAYS_MAX: '0' })).toThrow(/^LETTER_REPLAYS_MAX: .*"0"$/);
    expect(formerSettings(former)).toEqual([
      'INBOX_FOLD_DAYS is now called INBOX_WATERMARK_DAYS; the next release no longer reads the former name',
      'LETTER_REPLAYS_MAX is now called DEAD_LETTER_REPLAYS_MAX; the next release no longer reads the former name',
      expect.stringContaining('LETTER_REPLAYS_PER_SECOND'),
    ]);
  });
});
