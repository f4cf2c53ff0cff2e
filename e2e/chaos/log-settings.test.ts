import { describe, expect, it } from 'vitest';
import { logSettings } from './log-settings.ts';

describe('the log of a store of a run', () => {
  it('is the embedded one where the environment names none', () => {
    expect(logSettings({ KAFKA_BROKERS: 'a:1' }, '/tmp/one')).toEqual({});
  });

  it('is that of the environment, with topics of its own for each run', () => {
    const env = {
      LOG: 'kafka',
      KAFKA_BROKERS: 'a:1',
      KAFKA_TOPIC_PREFIX: 'shop.',
      OUTBOX_UNSENT_MAX: '9',
      PATH: '/bin',
    };
    const [one, other] = [logSettings(env, '/tmp/one'), logSettings(env, '/tmp/other')];

    expect(one).toEqual({
      LOG: 'kafka',
      KAFKA_BROKERS: 'a:1',
      OUTBOX_UNSENT_MAX: '9',
      KAFKA_TOPIC_PREFIX: expect.stringMatching(/^shop\.chaos-\w+\.$/),
    });
    expect(other['KAFKA_TOPIC_PREFIX']).not.toBe(one['KAFKA_TOPIC_PREFIX']);
  });
});
