import { describe, expect, it } from 'vitest';
import { ConfigError } from '../shared/core/errors.ts';
import { readConfig } from './settings.ts';

describe('the settings', () => {
  it('have defaults that need nothing', () => {
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

  it('are read as what they are, and an empty one counts as absent', () => {
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
    ['GATEWAY_PORT', '70000', '"70000"'],
    ['ORDER_PORT', 'http', '"http"'],
    ['ENABLE_AUTOMATION', 'yes', '"yes"'],
    ['DEFAULT_CURRENCY', 'EURO', 'must be a currency of ISO 4217, such as EUR; it is "EURO"'],
    ['ORDER_URL', 'order:8902', '"order:8902"'],
    ['LOG_LEVEL', 'loud', '"loud"'],
    ['EMBEDDED_POLL_MS', '0', '"0"'],
    ['ORDER_DEADLINE_S', '0', '"0"'],
    ['BACKORDER_DEADLINE_S', 'week', '"week"'],
  ])('stop the start when %s is %s, and say so', (setting, value, detail) => {
    const read = () => readConfig({ [setting]: value });

    expect(read).toThrow(ConfigError);
    expect(read).toThrow(expect.objectContaining({ setting, message: expect.stringContaining(`${setting}: `) }));
    expect(read).toThrow(detail);
  });
});
