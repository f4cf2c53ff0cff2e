/** What a run of tests has for the files of the project `engines`; what is missing, `needs-broker.ts` has said. */
import { describe, inject } from 'vitest';
import type {} from './needs-broker.ts';

/** Addresses of the broker that all files share: each takes names of its own for topics and groups. */
export const sharedBrokers: readonly string[] = inject('kafkaBrokers').split(',').filter(Boolean);

/** `describe`, skipped on a machine that can run no broker. */
export const describeOnKafka: ReturnType<typeof describe.runIf> = describe.runIf(sharedBrokers.length > 0);

/** The program of `MockCluster.start`; empty where it could not be compiled. */
export const mockClusterProgram: string = inject('mockClusterProgram');

/** `describe`, skipped on a machine without a C compiler or librdkafka. */
export const describeOnMockCluster: ReturnType<typeof describe.runIf> = describe.runIf(mockClusterProgram !== '');
