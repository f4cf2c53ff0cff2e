import { describe, expect, it } from 'vitest';
import { ConfigError } from '../shared/core/errors.ts';
import { retentionDaysOf } from '../shared/runtime/retention/settings.ts';
import { moduleOf } from './registry.ts';
import { retrySettingsFor } from './retry-settings.ts';
import { readConfig } from './settings.ts';

function retentionDays(env: Record<string, string>) {
  const config = readConfig(env);
  return retentionDaysOf(config, retrySettingsFor(config, 'inventory').policy);
}

describe('how long rows are kept', () => {
  it('is said by the settings, each with a default', () => {
    expect([retentionDays({}), retentionDays({ LOG_RETENTION_DAYS: '7' })]).toMatchObject([
      { log: 30, inbox: 90, watermark: 7, deadLetters: 30 },
      { log: 7 },
    ]);
  });

  it.each([
    ['inventory', { MOVEMENT_RETENTION_DAYS: '10' }, 10],
    ['inventory', {}, 365],
    ['notification', { NOTICE_RETENTION_DAYS: '11' }, 11],
    ['notification', {}, 365],
  ] as const)('is set by the settings of %s for its own rows: %j', (name, env, days) => {
    const { retention = [] } = moduleOf(name).create(readConfig(env));

    expect(retention.map((rule) => rule.days)).toContain(days);
  });

  it.each([
    [
      'a dead letter can be replayed later',
      { DEAD_LETTER_RETENTION_DAYS: '60' },
      '90 days are too short: a message can come back after 90.008 days, which are LOG_RETENTION_DAYS (30), the ' +
        'longest way through RETRY_ATTEMPTS (0.008) and DEAD_LETTER_RETENTION_DAYS (60); raise it to 91, or lower ' +
        'one of them',
    ],
    ['the log stores a message longer', { LOG_RETENTION_DAYS: '100' }, 'LOG_RETENTION_DAYS (100)'],
    [
      'the last attempt of one function comes later',
      { INVENTORY_RETRY_LONGEST_MS: '86400000', INVENTORY_RETRY_ATTEMPTS: '100', RETRY_FACTOR: '10' },
      'the longest way through RETRY_ATTEMPTS (93.',
    ],
    ['it is set too short', { INBOX_RETENTION_DAYS: '60' }, '60 days are too short'],
  ])('stop the start when inbox rows would be pruned too soon: %s', (_, env, detail) => {
    const read = () => retentionDays(env);

    expect(read).toThrow(ConfigError);
    expect(read).toThrow(expect.objectContaining({ setting: 'INBOX_RETENTION_DAYS' }));
    expect(read).toThrow(detail);
  });

  it('accept an inbox retention of just as long as a message can come back', () => {
    expect(retentionDays({ INBOX_RETENTION_DAYS: '61' }).inbox).toBe(61);
  });
});
