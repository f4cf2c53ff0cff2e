/** Scripts whose names are commands of yarn and pnpm themselves. */
const TAKEN = ['why'];

/**
 * A script of package.json as the reader calls it: `npm run chaos -- --seed 7`, or `yarn chaos --seed 7`.
 * @param userAgent what the package manager says that it is (`npm_config_user_agent`); without it the reader has npm
 */
export function scriptCommand(userAgent: string | undefined, script: string, ...args: readonly string[]): string {
  const [manager = ''] = /^[a-z]+(?=\/)/.exec(userAgent ?? '') ?? [];
  if (manager === 'yarn' || manager === 'pnpm') {
    return [manager, ...(TAKEN.includes(script) ? ['run'] : []), script, ...args].join(' ');
  }
  const command = script === 'start' || script === 'test' ? `npm ${script}` : `npm run ${script}`;
  // npm takes options for its own, unless they stand behind `--`.
  return [command, ...(args.some((arg) => arg.startsWith('-')) ? ['--'] : []), ...args].join(' ');
}
