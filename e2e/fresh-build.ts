import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Runs once before the end-to-end tests: they start processes of `dist/`, so that must be what the sources say.
 * @throws where the build fails; the compiler's messages are on stderr
 */
export function setup(): void {
  const tool = fileURLToPath(new URL('../shared/tools/run.mjs', import.meta.url));
  const { status } = spawnSync(process.execPath, [tool, 'build'], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error('the build failed, so dist/ is not what the end-to-end tests are about');
}
