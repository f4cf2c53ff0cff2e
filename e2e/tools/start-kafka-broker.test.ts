/** `npm run start-kafka-broker` where no broker runs; `e2e/engines/broker-script.engine.test.ts` starts one. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { freePorts } from './free-ports.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'saga-store-start-broker-'));
  mkdirSync(join(folder, 'bin'));
  return () => rmSync(folder, { recursive: true, force: true });
});

/** A program that the script finds, and the only ones it finds. */
function program(name: string, lines: string): void {
  const file = join(folder, 'bin', name);
  writeFileSync(file, `#!/bin/sh\n${lines}\n`);
  chmodSync(file, 0o755);
}

/** Docker as far as the script knows it: notes what it is asked for, and says that `address` is published. */
function docker(address: string): void {
  const note = `echo "KAFKA_PORT=$KAFKA_PORT $*" >> ${folder}/asked`;
  program('docker', `${note}\ncase "$*" in *" port "*) echo "${address}" ;; esac`);
}

const asked = () => readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n');

function script(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['shared/tools/run.mjs', 'broker', ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { PATH: join(folder, 'bin'), DATA_DIR: folder, SAGA_STORE_CACHE: join(folder, 'cache') },
  });
  return { status, out: stdout.trim(), err: stderr.trim() };
}

describe('npm run start-kafka-broker', () => {
  it('explains itself', () => {
    const { status, out, err } = script('--help');

    expect([status, err]).toEqual([0, '']);
    expect(out).toContain('Usage: npm run start-kafka-broker');
  });

  it.each([
    ['an unknown option', ['--prot', '9093'], "Unknown option '--prot'"],
    ['an argument', ['9093'], "Unexpected argument '9093'"],
    ['an option without its value', ['--port'], "'--port <value>' argument missing"],
    ['a port that is none', ['--port', '0'], '--port takes a whole number from 1 to 65535, not "0"'],
    ['a port beyond the last', ['--port', '65536'], 'not "65536"'],
    ['two ports', ['--port', '9093', '--port=9094'], '--port is there twice'],
    ['a port for the broker that is stopped', ['--stop', '--port', '9093'], '--stop takes no --port'],
    ['characters that control the terminal', ['--\u001b[2J'], "Unknown option '--?[2J'"],
  ])('refuses %s', (_, args, sentence) => {
    const { status, out, err } = script(...args);

    expect([status, out]).toEqual([2, '']);
    expect(err).toContain(sentence);
  });

  it.each([
    ['Java', '', 'this machine has no Java'],
    ['a Java that is new enough', 'echo \'openjdk version "11.0.2" 2019-01-15\' >&2', 'java is Java 11'],
    ['Maven', 'echo \'openjdk version "21.0.2" 2024-01-15\' >&2', 'this machine has no Maven'],
  ])('says in one line what to install without %s', (_, java, sentence) => {
    if (java !== '') program('java', java);

    const { status, out, err } = script();

    expect([status, out]).toEqual([1, '']);
    expect(err).toContain(sentence);
    expect(err).toContain('apt-get install default-jre-headless maven');
    expect(err.split('\n')).toHaveLength(1);
  });

  it.each([
    ['are not those of the list', 'touch "$folder/other.jar"', 'is not Kafka 4.3.1: other.jar is not in the list.'],
    ['cannot be fetched', 'echo "[ERROR] no route to host"; exit 1', 'could not fetch Kafka 4.3.1: [ERROR] no route'],
  ])('runs no jars that %s, and keeps none', (_, fetching, sentence) => {
    program('java', 'echo \'openjdk version "17.0.2" 2022-01-18\' >&2');
    program('mvn', `PATH=/usr/bin:/bin\nfolder=$(echo "$*" | sed 's/.*=//')\n[ "$1" = --version ] || { ${fetching}; }`);

    const { status, err } = script();

    expect(status).toBe(1);
    expect(err).toContain(sentence);
    expect(readdirSync(join(folder, 'cache'))).toEqual([]);
  });

  it('stops nothing where no broker runs', () => {
    expect(script('--stop')).toEqual({ status: 0, out: 'No broker runs for this checkout.', err: '' });
  });

  it('gives no signal to a process that only has the number of a broker', () => {
    const dataDir = join(folder, 'kafka-broker');
    mkdirSync(dataDir);
    writeFileSync(join(dataDir, 'service.json'), JSON.stringify({ pid: process.pid, port: 9092 }));

    expect(script('--stop')).toEqual({ status: 0, out: 'No broker runs for this checkout.', err: '' });
  });
});

describe('npm run start-kafka-broker, where a Docker engine answers', () => {
  it('starts the broker of compose.yaml and waits for it', async () => {
    const [port = 0] = await freePorts(1);
    docker('');

    const { status, out } = script('--port', String(port));

    expect(status).toBe(0);
    expect(out).toContain(`A Kafka broker runs at 127.0.0.1:${port}`);
    expect(asked().at(-1)).toBe(
      `KAFKA_PORT=${port} compose --profile kafka up --detach --wait --wait-timeout 120 broker`,
    );
  });

  it('stops the broker of compose.yaml', () => {
    docker('127.0.0.1:9092');

    expect(script('--stop')).toMatchObject({ status: 0 });
    expect(asked().at(-1)).toBe('KAFKA_PORT= compose --profile kafka stop broker');
  });

  it('says that a broker which runs has another port than is asked for', () => {
    docker('127.0.0.1:9092');

    const { status, err } = script('--port', '9093');

    expect(status).toBe(1);
    expect(err).toContain('The broker runs at 127.0.0.1:9092 already');
  });

  it('leaves Docker alone with --local', () => {
    docker('127.0.0.1:9092');

    expect(script('--stop', '--local')).toMatchObject({ status: 0, out: 'No broker runs for this checkout.' });
    expect(script('--local').err).toContain('this machine has no Java');
  });

  it('says so where Docker cannot start it', async () => {
    const [port = 0] = await freePorts(1);
    program('docker', 'case "$*" in *" up "*) echo "no space" >&2; exit 17 ;; esac');

    expect(script('--port', String(port))).toEqual({
      status: 1,
      out: '',
      err: 'no space\nDocker could not start the broker. With --local it runs without Docker.',
    });
  });
});
