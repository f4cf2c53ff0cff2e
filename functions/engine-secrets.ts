import { readFileSync } from 'node:fs';
import { ConfigError } from '../shared/core/errors.ts';

type Env = Readonly<Record<string, string>>;

/**
 * The settings with the secrets that are given as files: where `NAME_FILE` is set, the text of that file without a newline at
 * its end is the value of `NAME`.
 * @throws {ConfigError} when a file cannot be read, or a secret is given in both ways
 */
export function withSecretFiles(env: Env, secrets: Iterable<string>): Env {
  const read = [...secrets].flatMap((name) => {
    const file = env[`${name}_FILE`];
    if (file === undefined) return [];
    if (env[name] !== undefined) throw new ConfigError(`${name}_FILE`, `${name} is set as well; set one of them`);
    return [[name, textOf(`${name}_FILE`, file)] as const];
  });
  return { ...env, ...Object.fromEntries(read) };
}

/** @throws {ConfigError} naming the setting */
export function textOf(setting: string, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file)).replace(/\r?\n$/, '');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError(setting, `the file cannot be read: ${why}`);
  }
}
