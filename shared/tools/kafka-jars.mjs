/**
 * The program of a Kafka broker: jars that Maven fetches once, kept in a folder of the user and checked before each use.
 *
 * Maven fetches them because it knows the mirror and the proxy of this machine. `kafka-jars.sha256` is made with
 * `sha256sum *.jar` in that folder when `kafka-pom.xml` names another version.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ServiceError } from './service-process.mjs';

export const KAFKA_VERSION = '4.3.1';
const JAVA_LEAST = 17;
const POM = fileURLToPath(new URL('./kafka-pom.xml', import.meta.url));
const SUMS = fileURLToPath(new URL('./kafka-jars.sha256', import.meta.url));
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies';
const PROGRESS_MS = 5_000;
const INSTALL = 'Debian, Ubuntu: apt-get install default-jre-headless maven; macOS: brew install openjdk maven';

/** The Java that runs a broker: that of JAVA_HOME, or the first one on the PATH. */
export function java() {
  const home = process.env.JAVA_HOME ?? '';
  return home === '' ? 'java' : join(home, 'bin', 'java');
}

/** @returns {string | null} why no broker can run on this machine, and what to install; null where one can */
export function whyNoKafka() {
  if (process.platform === 'win32') return `On Windows, Kafka ${KAFKA_VERSION} runs in Docker: start Docker Desktop.`;
  const { stderr } = spawnSync(java(), ['-version'], { encoding: 'utf8' });
  const [, major] = /version "(\d+)/.exec(stderr ?? '') ?? [];
  const needs = `Kafka ${KAFKA_VERSION} needs Java ${JAVA_LEAST} or newer`;
  if (major === undefined) return `${needs}, and this machine has no Java (${INSTALL}).`;
  if (Number(major) < JAVA_LEAST) return `${needs}, and ${java()} is Java ${major} (${INSTALL}).`;
  if (existsSync(folderOfJars()) || spawnSync('mvn', ['--version']).status === 0) return null;
  return `Kafka ${KAFKA_VERSION} is fetched by Maven the first time, and this machine has no Maven (${INSTALL}).`;
}

/**
 * Fetches the jars where they are missing or not what they were.
 *
 * @param {(line: string) => void} onProgress
 * @returns {Promise<string>} the folder with them
 * @throws {ServiceError} where they cannot be fetched, or are not those of the list
 */
export async function kafkaJars(onProgress) {
  const folder = folderOfJars();
  if (whatDiffers(folder) === null) return folder;
  mkdirSync(dirname(folder), { recursive: true });
  // Another process may fetch them too: each has a folder of its own until all jars are in it.
  const fetched = mkdtempSync(`${folder}-`);
  const removeFetched = () => rmSync(fetched, { recursive: true, force: true });
  process.once('exit', removeFetched);
  try {
    await copyJars(fetched, onProgress);
    const difference = whatDiffers(fetched);
    if (difference !== null) throw new ServiceError(`What Maven fetched is not Kafka ${KAFKA_VERSION}: ${difference}.`);
    if (whatDiffers(folder) !== null) {
      rmSync(folder, { recursive: true, force: true });
      renameSync(fetched, folder);
    }
  } finally {
    process.off('exit', removeFetched);
    removeFetched();
  }
  return folder;
}

function folderOfJars() {
  const cache = process.env.SAGA_STORE_CACHE || join(homedir(), '.cache', 'saga-store');
  return join(cache, `kafka-${KAFKA_VERSION}`);
}

/** The first jar that is missing, too many or another one, as a sentence; null where all are those of the list. */
function whatDiffers(folder) {
  if (!existsSync(folder)) return `there is no ${folder}`;
  const lines = readFileSync(SUMS, 'utf8').trim().split('\n');
  const expected = new Map(lines.map((line) => [line.slice(66), line.slice(0, 64)]));
  const there = readdirSync(folder);
  const stranger = there.find((name) => !expected.has(name));
  if (stranger !== undefined) return `${stranger} is not in the list`;
  for (const [name, sum] of expected) {
    if (!there.includes(name)) return `${name} is missing`;
    const found = createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex');
    if (found !== sum) return `${name} has the SHA-256 ${found}, not ${sum}`;
  }
  return null;
}

function copyJars(folder, onProgress) {
  const startedMs = performance.now();
  const seconds = () => `${Math.round((performance.now() - startedMs) / 1000)} s`;
  onProgress(`fetching Kafka ${KAFKA_VERSION} by Maven (44 MB) …`);
  const timer = setInterval(() => onProgress(`fetching Kafka ${KAFKA_VERSION} … ${seconds()}`), PROGRESS_MS);
  const child = spawn('mvn', ['-B', '-ntp', '-q', '-f', POM, COPY, `-DoutputDirectory=${folder}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  child.stderr.on('data', (chunk) => (text += chunk));
  const endWithUs = () => child.kill();
  process.once('exit', endWithUs);
  return new Promise((resolve, reject) => {
    const end = (problem) => {
      clearInterval(timer);
      process.off('exit', endWithUs);
      if (problem === null) onProgress(`fetched Kafka ${KAFKA_VERSION} after ${seconds()}`);
      if (problem === null) resolve();
      else reject(new ServiceError(`Maven could not fetch Kafka ${KAFKA_VERSION}: ${problem}`));
    };
    child.once('error', (error) => end(error.message));
    child.once('close', (code) => end(code === 0 ? null : text.trim().split('\n').slice(0, 5).join('\n')));
  });
}
