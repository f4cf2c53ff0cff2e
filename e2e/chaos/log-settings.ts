import { shortHash } from '../../shared/core/hash.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The settings of the log for a store of a run: the log that the environment names, with topics of the run's own, since the run
 * has data of its own. Nothing with the embedded log.
 */
export function logSettings(env: Env, workDir: string): Readonly<Record<string, string>> {
  if (env['LOG'] !== 'kafka') return {};
  const given = Object.entries(env).flatMap(([name, value]) => {
    const isForLog = name.startsWith('KAFKA_') || name === 'LOG' || name === 'OUTBOX_UNSENT_MAX';
    return isForLog && value !== undefined ? [[name, value] as const] : [];
  });
  const prefix = `${env['KAFKA_TOPIC_PREFIX'] ?? ''}chaos-${shortHash(workDir)}.`;
  return { ...Object.fromEntries(given), KAFKA_TOPIC_PREFIX: prefix };
}
