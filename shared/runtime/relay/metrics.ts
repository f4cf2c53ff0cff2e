import { Gauge, type Registry } from 'prom-client';
import type { Relay } from './relay.ts';

/** Adds the metrics of a relay: what waits in the outbox, and for how long nothing could be sent. */
export function addRelayMetrics(registry: Registry, relay: Pick<Relay, 'unsent' | 'stalledMs'>): void {
  const registers = [registry];
  new Gauge({
    name: 'saga_unsent_messages',
    help: 'Messages in the outbox that are not sent to the log yet; OUTBOX_UNSENT_MAX + 1 where there are more',
    registers,
    collect() {
      this.set(relay.unsent);
    },
  });
  new Gauge({
    name: 'saga_relay_stalled_seconds',
    help: 'For how long sends to the log have failed; 0 while they succeed',
    registers,
    collect() {
      this.set(relay.stalledMs / 1_000);
    },
  });
}
