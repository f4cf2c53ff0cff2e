/** Certificates for one run of a test: nothing that opens anything is in the repository. */
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const KEY = ['-newkey', 'rsa:2048', '-nodes'];
const NAMES = 'subjectAltName=IP:127.0.0.1,DNS:localhost\n';

/** The files of an authority, in PEM, and of the certificates that it has signed. */
export interface Authority {
  /** What those have to trust that meet its certificates. */
  readonly caFile: string;
  /** A certificate for 127.0.0.1, with its key. */
  issue(name: string): { readonly certFile: string; readonly keyFile: string };
}

/** An authority of its own, whose files are in this folder, which is made. */
export function newAuthority(folder: string): Authority {
  mkdirSync(folder, { recursive: true });
  const file = (name: string) => join(folder, name);
  const caFile = file('ca.pem');
  openssl('req', '-x509', ...KEY, '-days', '2', '-subj', '/CN=authority', '-keyout', file('ca.key'), '-out', caFile);
  writeFileSync(file('names'), NAMES);
  return {
    caFile,
    issue(name) {
      const [keyFile, certFile, request] = [file(`${name}.key`), file(`${name}.pem`), file(`${name}.csr`)];
      openssl('req', ...KEY, '-subj', `/CN=${name}`, '-keyout', keyFile, '-out', request);
      const signer = ['-CA', caFile, '-CAkey', file('ca.key'), '-CAcreateserial'];
      openssl('x509', '-req', '-in', request, ...signer, '-days', '2', '-extfile', file('names'), '-out', certFile);
      return { certFile, keyFile };
    },
  };
}

/** A key and its certificate in one file, as a broker wants them. */
export function keyStoreOf({ certFile, keyFile }: ReturnType<Authority['issue']>): string {
  appendFileSync(keyFile, readFileSync(certFile));
  return keyFile;
}

function openssl(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl ${args[0]} failed (apt-get install openssl): ${stderr ?? ''}`);
}
