import { FakeLeases } from './fake-leases.ts';
import { leasesConformance } from './leases.conformance.ts';

leasesConformance('the leases of tests', { severalInstances: true }, async () => {
  const table = new FakeLeases();
  return {
    leases: table.of('first'),
    other: table.of('other'),
    advance: (ms) => {
      table.nowMs += ms;
    },
    restart: async () => table.of('first, started anew'),
    remove: async () => undefined,
  };
});
