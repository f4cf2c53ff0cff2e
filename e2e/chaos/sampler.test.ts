import { describe, expect, it } from 'vitest';
import { gaugeOf } from './sampler.ts';

const METRICS = `# HELP saga_parked_messages Messages that wait
# TYPE saga_parked_messages gauge
saga_parked_messages{function="order",topic="a"} 3
saga_parked_messages{function="order",topic="b"} 4
saga_dead_letters 1
`;

describe('a gauge', () => {
  it.each([
    ['saga_parked_messages', 7],
    ['saga_dead_letters', 1],
    ['saga_dead', null],
  ])('is the sum over all labels: %s is %s', (name, value) => {
    expect(gaugeOf(METRICS, name)).toBe(value);
  });
});
