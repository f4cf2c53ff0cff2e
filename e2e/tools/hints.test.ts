import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readOptions } from '../chaos/options.ts';
import { exitCodeOf } from './command-line.ts';
import { deadLetters } from './dead-letters.ts';
import { messages } from './messages.ts';
import { notices } from './notices.ts';
import { produce } from './produce.ts';
import { status } from './status.ts';
import type { Terminal } from './store-client.ts';
import { trace } from './trace.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const agents = {
  npm: 'npm/11.19.1 node/v20.20.2 linux x64',
  yarn: 'yarn/4.18.1 npm/? node/v20.20.2 linux x64',
};

const tools: Readonly<Record<string, (args: readonly string[], terminal: Terminal) => unknown>> = {
  'dead-letters': deadLetters,
  notices,
  messages,
  status,
  trace,
  produce,
  chaos: readOptions,
};

async function helpOf(name: string, manager: keyof typeof agents): Promise<string> {
  const lines: string[] = [];
  const terminal: Terminal = {
    env: { npm_config_user_agent: agents[manager] },
    isTty: false,
    out: (text) => void lines.push(text),
    err: (text) => void lines.push(text),
  };
  try {
    await tools[name]?.(['--help'], terminal);
  } catch (error) {
    if (exitCodeOf(error, terminal) !== 0) throw error;
  }
  return lines.join('\n');
}

describe.each(Object.keys(tools))('the help of %s', (name) => {
  it('has commands for npm, with -- before options', async () => {
    const help = await helpOf(name, 'npm');

    expect(help).toContain(`npm run ${name} `);
    expect(help).not.toMatch(/\byarn\b/);
    expect(help.split('\n').filter((line) => /npm run (?!.* -- ).* --?[a-z]/.test(line))).toEqual([]);
  });

  it('has commands for yarn, which has no -- of its own', async () => {
    const help = await helpOf(name, 'yarn');

    expect(help).toContain(`yarn ${name} `);
    expect(help).not.toMatch(/\bnpm\b| -- /);
  });
});

describe('options that npm has taken for itself', () => {
  async function saidBy(env: Terminal['env'], name: string, args: readonly string[]) {
    const said: string[] = [];
    const terminal: Terminal = { env, isTty: false, out: () => undefined, err: (text) => void said.push(text) };
    const run = async () => tools[name]?.(args, terminal);
    const code = await run().then(
      () => 0,
      (error: unknown) => exitCodeOf(error, terminal),
    );
    return { code, first: said[0] };
  }
  const npm = { npm_config_user_agent: agents.npm };

  it('are named, with the command that passes them on', async () => {
    // What npm does with: npm run chaos --minutes 1 --json
    const env = { ...npm, npm_config_minutes: 'true', npm_config_json: 'true' };

    expect(await saidBy(env, 'chaos', ['1'])).toEqual({
      code: 2,
      first:
        'npm has taken --minutes and --json for itself. Options come after --, as in: npm run chaos -- --minutes … --json',
    });
  });

  it('are named where a part of a tool has them', async () => {
    const env = { ...npm, npm_config_all_failed: 'true', npm_config_yes: '' };
    const { code, first } = await saidBy(env, 'notices', ['send-again']);

    expect(code).toBe(2);
    expect(first).toMatch(/--, as in: npm run notices -- --all-failed$/);
  });

  it.each([
    ['of another package manager', { npm_config_user_agent: agents.yarn, npm_config_minutes: 'true' }],
    ['of npm alone', { ...npm, npm_config_loglevel: 'warn', npm_config_json: '' }],
  ])('are not looked for among settings %s', async (_, env) => {
    expect((await saidBy(env, 'chaos', ['1'])).first).toMatch(/^error: too many arguments/);
  });
});

it('a command that is printed is made for its reader: no tool has one written out', () => {
  const sources = ['tools', 'chaos', 'bench', 'prove'].flatMap((folder) =>
    readdirSync(join(ROOT, 'e2e', folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
      .map((path) => join('e2e', folder, path)),
  );
  const written = sources.flatMap((path) =>
    readFileSync(join(ROOT, path), 'utf8')
      .split('\n')
      .filter((line) => !/^\s*(?:\/?\*|\/\/)/.test(line) && /\b(?:npm run|npm start|yarn [a-z])/.test(line))
      .map((line) => `${path}: ${line.trim()}`),
  );

  expect(written).toEqual([]);
});
