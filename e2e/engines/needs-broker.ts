/** Runs once before the tests of engines: starts one broker for all of them, or takes that of `KAFKA_BROKERS`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startBroker, whyNoKafka } from './broker.ts';
import { compileMockCluster } from './mock-cluster.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Addresses of brokers, separated by commas; empty on a machine that can run none. */
    kafkaBrokers: string;
    /** The path of the program; empty on a machine that cannot compile it. */
    mockClusterProgram: string;
  }
}

type TearDown = () => void | Promise<void>;

/** @throws where `REQUIRE_ENGINES` is true and something is missing: a test that CI does not run is not there */
export async function setup(project: TestProject): Promise<TearDown> {
  const removeMockCluster = provideMockCluster(project);
  const stopBroker = await provideBroker(project);
  return async () => {
    removeMockCluster();
    await stopBroker();
  };
}

function provideMockCluster(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'saga-store-mock-cluster-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  const program = compileMockCluster(folder);
  if (program === null) {
    missing(
      'NO BROKER FAULTS ARE TESTED: there is no C compiler or no librdkafka (apt-get install gcc librdkafka-dev)',
    );
  }
  project.provide('mockClusterProgram', program ?? '');
  return remove;
}

async function provideBroker(project: TestProject): Promise<TearDown> {
  const given = process.env['KAFKA_BROKERS'] ?? '';
  const problem = given === '' ? whyNoKafka() : null;
  if (problem !== null) missing(`NOTHING IS TESTED WITH KAFKA: ${problem}`);
  if (given !== '' || problem !== null) {
    project.provide('kafkaBrokers', given);
    return () => undefined;
  }
  const broker = await startBroker({ onProgress: (line) => console.error(line) });
  project.provide('kafkaBrokers', broker.address);
  return () => broker.stop();
}

function missing(what: string): void {
  const text = `!!! ${what} !!!`;
  if (process.env['REQUIRE_ENGINES'] === 'true') throw new Error(text);
  console.error(`\n${text}\n`);
}
