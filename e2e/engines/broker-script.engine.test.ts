/** `npm run start-kafka-broker`, with a broker that really runs: as a process of this machine, also where Docker is. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { freePorts } from '../tools/free-ports.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { whyNoKafka } from './broker.ts';
import { makeTopic } from './kafka-examples.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'saga-store-broker-script-'));
}

function spawnScript(dataDir: string, args: readonly string[]): ChildProcess {
  const line = ['shared/tools/run.mjs', 'broker', '--local', ...args];
  return spawn(process.execPath, line, { cwd: root, env: { ...process.env, DATA_DIR: dataDir } });
}

function endOf(child: ChildProcess): Promise<Ended> {
  const texts = { out: '', err: '' };
  child.stdout?.on('data', (chunk) => {
    texts.out += String(chunk);
  });
  child.stderr?.on('data', (chunk) => {
    texts.err += String(chunk);
  });
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, ...texts })));
}

const script = (dataDir: string, ...args: readonly string[]) => endOf(spawnScript(dataDir, args));

/** Processes that serve the data of a folder. */
function serversOf(dataDir: string): readonly number[] {
  const configuration = join(dataDir, 'kafka-broker', 'server.properties');
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => commandLineOf(pid).includes(configuration));
}

function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** Freezes a start, and first of all who would notice that a process of it ends. Returns what lets it go on. */
function freeze(dataDir: string): () => void {
  const { pid: starter } = JSON.parse(readFileSync(join(dataDir, 'kafka-broker', 'starter.json'), 'utf8'));
  process.kill(starter, 'SIGSTOP');
  const servers = serversOf(dataDir);
  for (const pid of servers) process.kill(pid, 'SIGSTOP');
  return () => {
    for (const pid of [...servers, starter]) process.kill(pid, 'SIGCONT');
  };
}

async function topicsAt(port: number, created?: string): Promise<readonly string[]> {
  const admin = new Kafka({ brokers: [`127.0.0.1:${port}`], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    if (created !== undefined) await makeTopic(admin, created);
    return (await admin.listTopics()).filter((topic) => !topic.startsWith('__'));
  } finally {
    await admin.disconnect();
  }
}

describe.runIf(whyNoKafka() === null && process.platform === 'linux')('npm run start-kafka-broker', () => {
  let dataDir: string;
  let port: number;
  let started: Ended;

  beforeAll(async () => {
    dataDir = temporaryFolder();
    [port = 0] = await freePorts(1);
    started = await script(dataDir, '--port', String(port));
  });

  afterAll(async () => {
    await script(dataDir, '--stop');
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('says where the broker is, and how to stop it', () => {
    expect(started.err).toBe('');
    expect(started.status).toBe(0);
    expect(started.out).toContain(`A Kafka broker runs at 127.0.0.1:${port}`);
    expect(started.out).toContain('npm run start-kafka-broker -- --stop');
  });

  it('says at a second start that the broker runs', async () => {
    const before = serversOf(dataDir);

    const { status, out } = await script(dataDir);

    expect(status).toBe(0);
    expect(out).toContain(`The broker runs already, at 127.0.0.1:${port}`);
    expect(serversOf(dataDir)).toEqual(before);
    expect(before).toHaveLength(1);
  });

  it('gives a broker that runs no other port', async () => {
    const { status, err } = await script(dataDir, '--port', String(port + 1));

    expect(status).toBe(1);
    expect(err).toContain(`The broker runs at 127.0.0.1:${port} already`);
  });

  it('says of a broker that does not answer how to stop it', async () => {
    const [pid = Number.NaN] = serversOf(dataDir);
    process.kill(pid, 'SIGSTOP');
    onTestFinished(() => void process.kill(pid, 'SIGCONT'));

    const { status, err } = await script(dataDir);

    expect(status).toBe(1);
    expect(err).toContain('it does not answer as a Kafka broker does');
    expect(err).toContain('npm run start-kafka-broker -- --stop');
  });

  it('keeps what the broker holds over stop and start', async () => {
    await topicsAt(port, 'kept');

    const stopped = await script(dataDir, '--stop');
    expect(stopped).toMatchObject({ status: 0, err: '' });
    expect(serversOf(dataDir)).toEqual([]);

    expect(await script(dataDir, '--port', String(port))).toMatchObject({ status: 0, err: '' });
    expect(await topicsAt(port)).toEqual(['kept']);
  });

  it('does not take a port from another program', async () => {
    const otherDir = temporaryFolder();
    const server = createServer();
    onTestFinished(() => rmSync(otherDir, { recursive: true, force: true }));
    onTestFinished(() => void server.close());
    const taken = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
    });

    const { status, err } = await script(otherDir, '--port', String(taken));

    expect(status).toBe(1);
    expect(err.trim()).toBe(`Another program listens on port ${taken}: stop it, or choose another port.`);
  });

  it('lets one of two starts at the same time go on', async () => {
    const otherDir = temporaryFolder();
    const [otherPort = 0] = await freePorts(1);
    const first = script(otherDir, '--port', String(otherPort));
    onTestFinished(async () => {
      await script(otherDir, '--stop');
      rmSync(otherDir, { recursive: true, force: true });
    });
    await waitUntil(() => serversOf(otherDir).length > 0, { timeoutMs: 60_000, what: 'the first start to begin' });
    // So that it is not over before the second one looks.
    const thaw = freeze(otherDir);

    const second = await script(otherDir, '--port', String(otherPort)).finally(thaw);

    expect(second.status).toBe(1);
    expect(second.err).toMatch(/starts a server on .* already: wait for it|A broker was started at/);
    expect(await first).toMatchObject({ status: 0 });
    expect(await topicsAt(otherPort)).toEqual([]);
  });

  it('leaves no process behind when the start is broken off', async () => {
    const otherDir = temporaryFolder();
    const [otherPort = 0] = await freePorts(1);
    const child = spawnScript(otherDir, ['--port', String(otherPort)]);
    const ended = endOf(child);
    onTestFinished(() => rmSync(otherDir, { recursive: true, force: true }));
    await waitUntil(() => serversOf(otherDir).some((pid) => commandLineOf(pid).includes('kafka.Kafka')), {
      timeoutMs: 60_000,
      what: 'the broker to be started',
    });

    child.kill('SIGTERM');

    expect(await ended).toMatchObject({ status: 143 });
    await waitUntil(() => serversOf(otherDir).length === 0, { what: 'the broker to be gone' });
  });

  it('shows the end of the log of a broker that does not start', async () => {
    const otherDir = temporaryFolder();
    const [otherPort = 0] = await freePorts(1);
    onTestFinished(() => rmSync(otherDir, { recursive: true, force: true }));
    const data = join(otherDir, 'kafka-broker', 'data');
    mkdirSync(data, { recursive: true });
    writeFileSync(join(data, 'meta.properties'), 'version=1\nnode.id=7\ncluster.id=KafkaOfSagaStore00000A\n');

    const { status, err } = await script(otherDir, '--port', String(otherPort));

    expect(status).toBe(1);
    expect(err).toContain('The broker ended while it started.');
    expect(err).toContain('Stored node id 7');
    expect(serversOf(otherDir)).toEqual([]);
  });
});
