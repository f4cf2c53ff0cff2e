import { AppError } from '../../core/errors.ts';
import { type Authority, isLoopbackAddress, isLoopbackName, parseAuthority } from './authority.ts';

/** More different `Host` headers than this are not remembered. */
const REMEMBERED_MAX = 1_000;

export interface HostRules {
  /** The address that the server is bound to. */
  readonly boundTo: string;
  /** The host as the setting gives it, which `boundTo` may be the address of. */
  readonly host: string;
  readonly allowed: readonly Authority[];
  /** Names by which other functions call this one. */
  readonly ownNames: readonly string[];
}

/**
 * Decides which `Host` a server answers to.
 *
 * A web page can let its own name point to this machine, and is then of the same origin as the store for a browser (DNS
 * rebinding). Only the name tells. So a server that only this machine reaches answers to names that always mean this
 * machine, and to those that are allowed by name. Another server answers to any name, unless some are allowed by name.
 */
export class HostCheck {
  readonly #rules: HostRules;
  readonly #isLocal: boolean;
  readonly #answers = new Map<string, Authority | AppError>();

  constructor(rules: HostRules) {
    this.#rules = rules;
    this.#isLocal = isLoopbackAddress(rules.boundTo);
  }

  /** The host of a request, or the error that answers it. */
  look(header: string): Authority | AppError {
    const known = this.#answers.get(header);
    if (known !== undefined) return known;
    const answer = this.#decide(header);
    if (this.#answers.size >= REMEMBERED_MAX) this.#answers.clear();
    this.#answers.set(header, answer);
    return answer;
  }

  #decide(header: string): Authority | AppError {
    const host = parseAuthority(header);
    if (host === null) return new AppError('malformed_request', 'the header Host must be a name, perhaps with a port');
    if (this.#isAllowed(host)) return host;
    const where = this.#isLocal ? `listens on ${this.#rules.boundTo} only, and ` : '';
    return new AppError(
      'misdirected_request',
      `this server ${where}does not answer to the name ${host.name}; to allow it, add it to the setting ALLOWED_HOSTS`,
    );
  }

  #isAllowed({ name, port }: Authority): boolean {
    const { allowed, ownNames, host } = this.#rules;
    if (isLoopbackName(name)) return true;
    if (allowed.some((each) => each.name === name && (each.port === null || each.port === (port ?? 80)))) return true;
    return this.#isLocal ? name === host.toLowerCase() : allowed.length === 0 || ownNames.includes(name);
  }
}
