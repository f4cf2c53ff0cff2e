/**
 * Servers that the store can stand on, as processes of this machine: for people, for tests and for CI alike.
 *
 * A broker is Apache Kafka in one process. It listens on 127.0.0.1 alone, creates no topic by itself, and keeps what
 * it was given: its data, its configuration and its log (`broker.log`) lie in one folder.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { java, KAFKA_VERSION, kafkaJars, whyNoKafka } from './kafka-jars.mjs';
import { whatBrokerLacks } from './kafka-wire.mjs';
import {
  asOnlyStarter,
  freePort,
  isFree,
  portTaken,
  processOf,
  readRecord,
  removeRecord,
  ServiceError,
  startProcess,
  writeRecord,
} from './service-process.mjs';

export { KAFKA_VERSION, ServiceError, whatBrokerLacks, whyNoKafka };

const HOST = '127.0.0.1';
const HEAP_MB = 512;
const READY_MS = 120_000;
const PROGRESS_MS = 5_000;
const POLL_MS = 50;
const LOG_LINES = 5;
/** Half of the processor time until it is ready, and less speed in the long run. */
const QUICK_START = ['-XX:TieredStopAtLevel=1'];
const CONFIGURATION = 'server.properties';

/**
 * Starts a broker and waits until clients can work with it.
 *
 * @param {{ port?: number, dataDir?: string, isDetached?: boolean, jvmOptions?: readonly string[],
 *   changes?: (own: Record<string, string | number | boolean>) => Record<string, string | number | boolean>,
 *   clusterId?: string, formatOptions?: readonly string[], onProgress?: (line: string) => void }} options
 *   `port`: a free one by default; `dataDir`: what it holds is kept and served again at the next start; by default a folder
 *   that is removed when the broker has stopped; `isDetached`: the broker outlives this process; `jvmOptions`:
 *   by default what makes it start soon, none for one that is measured or lives long; `changes`: what its configuration has
 *   beside its own settings, or instead of them; `clusterId`: the cluster that it joins, one of its own by default;
 *   `formatOptions`: further arguments for the tool that prepares its data
 * @returns the broker: its `address` and `port`; `stop()` ends it in order, `kill()` at once, and a broker that was
 *   started with a `dataDir` can be started again; `pause()` and `resume()` freeze and thaw it
 * @throws {ServiceError} where it cannot run: no Java, a port that is taken, a broker that serves these data already
 */
export async function startBroker({
  port = 0,
  dataDir,
  isDetached = false,
  jvmOptions = QUICK_START,
  changes = () => ({}),
  clusterId = newClusterId(),
  formatOptions = [],
  onProgress = () => undefined,
} = {}) {
  const problem = whyNoKafka();
  if (problem !== null) throw new ServiceError(problem);
  const jars = await kafkaJars(onProgress);

  const folder = resolve(dataDir ?? mkdtempSync(join(tmpdir(), 'saga-store-broker-')));
  mkdirSync(folder, { recursive: true });
  const isTemporary = dataDir === undefined;
  try {
    const identity = ['--cluster-id', clusterId, ...formatOptions];
    const options = { port, jars, jvmOptions, changes, identity, onProgress };
    const broker = await asOnlyStarter(folder, () => startIn(folder, options));
    if (isDetached) broker.server.outlive();
    return brokerOf(broker.server, broker.port, folder, isTemporary);
  } catch (error) {
    if (isTemporary) rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

async function startIn(folder, { port, jars, jvmOptions, changes, identity, onProgress }) {
  const running = findBroker(folder);
  if (running !== null) throw new ServiceError(`A broker serves ${folder} already, at ${running.address}.`);
  if (port !== 0 && !(await isFree(port))) throw portTaken(port);
  const ownPort = port === 0 ? await freePort() : port;
  const configuration = await configure(folder, ownPort, changes);
  format(folder, jars, configuration, identity);

  const command = [...javaLine(jars, jvmOptions), 'kafka.Kafka', configuration];
  const server = startProcess(command, { cwd: folder, logFile: logOf(folder), mark: configuration });
  writeRecord(folder, { pid: server.pid, port: ownPort });
  try {
    await ready(server, ownPort, folder, onProgress);
  } catch (error) {
    await server.kill();
    removeRecord(folder);
    throw error;
  }
  return { server, port: ownPort };
}

/** @returns the broker that serves the data of a folder, by the record beside them; null where none does */
export function findBroker(dataDir) {
  const folder = resolve(dataDir);
  const record = readRecord(folder);
  if (record === null) return null;
  const server = processOf(record.pid, join(folder, CONFIGURATION));
  return server.isAlive() ? brokerOf(server, record.port, folder, false) : null;
}

function brokerOf(server, port, folder, isTemporary) {
  const ended = () => {
    removeRecord(folder);
    if (isTemporary) rmSync(folder, { recursive: true, force: true });
  };
  return {
    port,
    address: `${HOST}:${port}`,
    dataDir: folder,
    pid: server.pid,
    isAlive: server.isAlive,
    pause: server.pause,
    resume: server.resume,
    stop: () => server.stop().then(ended),
    kill: () => server.kill().then(ended),
  };
}

/** Writes the broker's configuration. @returns its path, which the command line of no other process names */
async function configure(folder, port, changes) {
  const controllerPort = await freePort();
  const file = join(folder, CONFIGURATION);
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@${HOST}:${controllerPort}`,
    listeners: `CLIENTS://${HOST}:${port},CONTROLLER://${HOST}:${controllerPort}`,
    'advertised.listeners': `CLIENTS://${HOST}:${port}`,
    'listener.security.protocol.map': 'CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'CLIENTS',
    'controller.listener.names': 'CONTROLLER',
    // Below the folder in which it runs: a path here would have to be escaped.
    'log.dirs': 'data',
    'auto.create.topics.enable': false,
    'group.initial.rebalance.delay.ms': 0,
    // There is one broker, so there is one copy; and it loads few partitions sooner.
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'share.coordinator.state.topic.num.partitions': 4,
  };
  const lines = Object.entries({ ...settings, ...changes(settings) }).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(file, lines.join(''));
  return file;
}

/** The name of a new cluster. Kafka writes a UUID like this. Its first character must not begin an option. */
export function newClusterId() {
  return `K${randomBytes(16).toString('base64url').slice(1)}`;
}

/** Gives the folder the identity of a cluster, once. */
function format(folder, jars, configuration, identity) {
  if (existsSync(join(folder, 'data', 'meta.properties'))) return;
  const line = [...javaLine(jars, QUICK_START), 'kafka.tools.StorageTool', 'format', '--ignore-formatted'];
  const [program, ...args] = [...line, ...identity, '--config', configuration];
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new ServiceError(`Kafka could not prepare ${folder}: ${`${stdout}${stderr}`.trim()}`);
}

function javaLine(jars, jvmOptions) {
  return [java(), `-Xmx${HEAP_MB}m`, ...jvmOptions, '-Dlog4j2.level=WARN', '-cp', join(jars, '*')];
}

async function ready(server, port, folder, onProgress) {
  const startedMs = performance.now();
  const seconds = () => Math.round((performance.now() - startedMs) / 1000);
  onProgress(`starting Kafka ${KAFKA_VERSION} at ${HOST}:${port} …`);
  let toldMs = startedMs;
  for (;;) {
    const lacks = await whatBrokerLacks(port);
    if (!server.isAlive()) throw new ServiceError(`The broker ended while it started.${endOfLog(folder)}`);
    if (lacks === null) break;
    const nowMs = performance.now();
    if (nowMs - startedMs > READY_MS) {
      throw new ServiceError(`The broker was not ready after ${seconds()} s: ${lacks}.${endOfLog(folder)}`);
    }
    if (nowMs - toldMs > PROGRESS_MS) {
      onProgress(`starting Kafka ${KAFKA_VERSION} … ${seconds()} s: ${lacks}`);
      toldMs = nowMs;
    }
    await wait(POLL_MS);
  }
  onProgress(`Kafka ${KAFKA_VERSION} is ready after ${seconds()} s`);
}

function logOf(folder) {
  return join(folder, 'broker.log');
}

/** Without the frames of stacks, which would leave no line that says what is wrong. */
function endOfLog(folder) {
  const text = readFileSync(logOf(folder), 'utf8').trim();
  const lines = text.split('\n').filter((line) => !/^\s+at |^\s+\.\.\. \d+ more/.test(line));
  return ` The end of ${logOf(folder)}:\n${lines.slice(-LOG_LINES).join('\n')}`;
}
