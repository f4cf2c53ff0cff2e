/** The broker of `compose.yaml`, where a Docker engine answers. */
import { spawnSync } from 'node:child_process';
import { isFree, portTaken, ServiceError } from './service-process.mjs';

const COMPOSE = ['compose', '--profile', 'kafka'];
const SERVICE = 'broker';
const INNER_PORT = '9092';
const ENGINE_MS = 10_000;
const READY_S = '120';

/** Whether there is an engine, not only its client. */
export function hasDockerEngine() {
  const { status } = spawnSync('docker', ['info', '--format', '{{.ServerVersion}}'], { timeout: ENGINE_MS });
  return status === 0;
}

/** @returns {string | null} the address of the broker that runs; null where none does */
export function findDockerBroker() {
  const { status, stdout } = spawnSync('docker', [...COMPOSE, 'port', SERVICE, INNER_PORT], { encoding: 'utf8' });
  const address = (stdout ?? '').trim();
  return status === 0 && /:[1-9]\d*$/.test(address) ? address : null;
}

/**
 * Starts it and waits until it is healthy; Docker shows its own progress.
 *
 * @param {number} port
 * @returns {Promise<string>} its address
 */
export async function startDockerBroker(port) {
  if (!(await isFree(port))) throw portTaken(port);
  const line = [...COMPOSE, 'up', '--detach', '--wait', '--wait-timeout', READY_S, SERVICE];
  const { status } = spawnSync('docker', line, { stdio: 'inherit', env: { ...process.env, KAFKA_PORT: String(port) } });
  if (status !== 0) throw new ServiceError('Docker could not start the broker. With --local it runs without Docker.');
  return `127.0.0.1:${port}`;
}

export function stopDockerBroker() {
  const { status } = spawnSync('docker', [...COMPOSE, 'stop', SERVICE], { stdio: 'inherit' });
  if (status !== 0) throw new ServiceError('Docker could not stop the broker.');
}
