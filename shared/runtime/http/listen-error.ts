import { isIP } from 'node:net';
import { ConfigError } from '../../core/errors.ts';

/** Where a server wants to listen, and the settings that say so. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  /** The setting of the port. */
  readonly setting: string;
  /** The setting of the host. */
  readonly hostSetting: string;
}

/** The name cannot be resolved, or the system cannot use the address, whatever the port. */
const HOST_AT_FAULT: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the name cannot be resolved',
  EAI_AGAIN: 'the name cannot be resolved now, because no name server answers',
  EADDRNOTAVAIL: 'no network interface of this machine has this address',
  EAFNOSUPPORT: 'this machine has no network of this kind',
  EINVAL: 'this address needs the network interface that it belongs to (such as fe80::1%eth0)',
};
const PRIVILEGED_BELOW = 1024;
const ASK_MS = 1_000;
const LIVE = /^\{"status":"ok","function":"([a-z]+)"/;

/** An error of listening as one that names the setting at fault, and says what to do. */
export async function listenError(error: NodeJS.ErrnoException, address: ListenAddress): Promise<ConfigError> {
  const { host, port, setting, hostSetting } = address;
  const code = error.code ?? error.message;
  if (code === 'EADDRINUSE') return new ConfigError(setting, await takenSentence(address));
  if (code === 'EACCES' && port > 0 && port < PRIVILEGED_BELOW) {
    const why = `port ${port} cannot be opened (EACCES): ports below ${PRIVILEGED_BELOW} need the rights of an administrator`;
    return new ConfigError(setting, `${why}. Set ${setting} to a higher one`);
  }
  const why = HOST_AT_FAULT[code] ?? (error.syscall === 'getaddrinfo' ? HOST_AT_FAULT['ENOTFOUND'] : undefined);
  if (why !== undefined) {
    const advice = 'Set it to an address of this machine, such as 127.0.0.1, or to 0.0.0.0 for all of them';
    return new ConfigError(hostSetting, `cannot listen on ${host} (${code}): ${why}. ${advice}`);
  }
  return new ConfigError(setting, `cannot listen on port ${port} of ${host}: ${error.message}`);
}

/** Who answers there decides what helps. */
async function takenSentence({ host, port, setting }: ListenAddress): Promise<string> {
  const holder = await storeAt(host, port);
  const where = `port ${port} of ${host} is in use (EADDRINUSE)`;
  const other = `set ${setting} to another port (0 takes a free one)`;
  if (holder !== null) return `${where}: a saga-store answers there (its ${holder}). Stop it first, or ${other}`;
  return `${where} by another program. End it, or ${other}; ${findCommand(port)} shows the program`;
}

/** The part of a store that answers at a port; null where something else does, or nothing in time. */
async function storeAt(host: string, port: number): Promise<string | null> {
  try {
    const name = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
    const response = await fetch(`http://${isIP(name) === 6 ? `[${name}]` : name}:${port}/livez`, {
      signal: AbortSignal.timeout(ASK_MS),
      redirect: 'manual',
    });
    return LIVE.exec(await response.text())?.[1] ?? null;
  } catch {
    return null;
  }
}

function findCommand(port: number): string {
  return process.platform === 'win32' ? `"netstat -ano | findstr :${port}"` : `"lsof -nP -iTCP:${port} -sTCP:LISTEN"`;
}
