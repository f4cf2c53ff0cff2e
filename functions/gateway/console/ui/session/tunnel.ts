/** The gateway's own port; ports below 1024 are not for everyone to listen at. */
const LOCAL_PORT = '8900';

/** How the console of another machine is reached over SSH, where a browser trusts it as it trusts TLS. */
export function tunnelTo({ hostname, port }: Pick<URL, 'hostname' | 'port'>) {
  const local = port === '' ? LOCAL_PORT : port;
  const host = hostname.replace(/^\[|\]$/g, '');
  return {
    command: `ssh -L ${local}:127.0.0.1:${port === '' ? '80' : port} ${host}`,
    url: `http://localhost:${local}/console`,
  };
}
