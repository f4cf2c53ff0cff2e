import { z } from 'zod';
import { ConfigError } from '../../core/errors.ts';
import { wholeNumberSetting } from '../../core/number-setting.ts';
import { type Authority, parseAuthority, parseOrigin } from './authority.ts';

const milliseconds = wholeNumberSetting(1, 86_400_000);

/** The settings of every HTTP server of the program, each with its default. Lists are separated by commas or spaces. */
export const httpSettings = {
  ALLOWED_HOSTS: listOf(
    toHost,
    'must list names such as shop.example or shop.example:8900, without a scheme, a path or a *',
  ),
  CORS_ORIGINS: listOf(parseOrigin, 'must list origins such as https://shop.example, without a path or a *'),
  HTTP_KEEP_ALIVE_MS: milliseconds.default(5_000),
  HTTP_HEADERS_TIMEOUT_MS: milliseconds.default(60_000),
  HTTP_REQUEST_TIMEOUT_MS: milliseconds.default(300_000),
} as const;

type HttpConfig = { readonly [Name in keyof typeof httpSettings]: z.infer<(typeof httpSettings)[Name]> };

/** What the servers of a process have in common. */
export interface HttpOptions {
  readonly allowedHosts: readonly Authority[];
  /** Origins whose pages may use the store, in the form that browsers send. */
  readonly corsOrigins: ReadonlySet<string>;
  /** How long a connection without a request stays open. */
  readonly keepAliveMs: number;
  /** The time for the header of a request, and for the whole of it. */
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
}

/** @throws {ConfigError} when the header may take longer than the request that it belongs to. */
export function httpOptionsOf(config: HttpConfig): HttpOptions {
  const { HTTP_HEADERS_TIMEOUT_MS: headersTimeoutMs, HTTP_REQUEST_TIMEOUT_MS: requestTimeoutMs } = config;
  if (headersTimeoutMs > requestTimeoutMs) {
    throw new ConfigError(
      'HTTP_HEADERS_TIMEOUT_MS',
      `is ${headersTimeoutMs} and must not be longer than HTTP_REQUEST_TIMEOUT_MS, which is ${requestTimeoutMs}: the header ` +
        'is a part of the request',
    );
  }
  return {
    allowedHosts: config.ALLOWED_HOSTS,
    corsOrigins: new Set(config.CORS_ORIGINS),
    keepAliveMs: config.HTTP_KEEP_ALIVE_MS,
    headersTimeoutMs,
    requestTimeoutMs,
  };
}

/** The options without any setting. */
export const defaultHttpOptions: HttpOptions = httpOptionsOf(z.object(httpSettings).parse({}));

function listOf<Item>(toItem: (text: string) => Item | null, problem: string) {
  return z
    .string()
    .default('')
    .transform((text, context): readonly Item[] => {
      const parts = text.split(/[\s,]+/).filter((part) => part !== '');
      return parts.flatMap((part) => {
        const item = toItem(part);
        if (item !== null) return [item];
        context.addIssue({ code: 'custom', message: `${problem}; ${JSON.stringify(part)} is not one` });
        return [];
      });
    });
}

/** An IPv6 address may have brackets or not. */
function toHost(text: string): Authority | null {
  return parseAuthority(/^[0-9a-f.]*:[0-9a-f.]*:[0-9a-f:.]*$/i.test(text) ? `[${text}]` : text);
}
