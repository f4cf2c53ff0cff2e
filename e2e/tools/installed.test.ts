import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';

/** The machine that packages are needed for. */
interface Platform {
  readonly os: string;
  readonly cpu: string;
  readonly libc: () => string;
}

interface Installed {
  whatIsMissing(root: string, platform?: Platform): string | null;
  fingerprintOf(root: string): string;
}

// It runs before anything is installed or built, so it is plain JavaScript, and has no types.
const { whatIsMissing, fingerprintOf }: Installed = await import(
  String(new URL('../../shared/tools/installed.mjs', import.meta.url))
);

const linux = { os: 'linux', cpu: 'x64', libc: () => 'glibc' };
const alpine = { os: 'linux', cpu: 'x64', libc: () => 'musl' };
const mac = { os: 'darwin', cpu: 'arm64', libc: () => '' };

const LOCK = `__metadata:
  version: 10

"@scope/tool@npm:2.0.0":
  version: 2.0.0
  resolution: "@scope/tool@npm:2.0.0"
  dependencies:
    deep: "npm:^1.0.0"
  languageName: node

"deep@npm:^1.0.0, deep@npm:^1.1.0":
  version: 1.4.0
  languageName: node

"native-linux@npm:1.0.0":
  version: 1.0.0
  conditions: os=linux & cpu=x64 & libc=glibc
  languageName: node

"native-mac@npm:1.0.0":
  version: 1.0.0
  conditions: os=darwin & (cpu=arm64 | cpu=x64)
  languageName: node

"shop@npm:1.0.0":
  version: 1.0.0
  languageName: node
`;

type Manifest = Readonly<Record<string, unknown>>;

/** A checkout that needs shop, which needs deep and one native package, and for its development @scope/tool. */
const packages = {
  shop: {
    version: '1.0.0',
    dependencies: { deep: '^1.1.0' },
    optionalDependencies: { 'native-linux': '1.0.0', 'native-mac': '1.0.0' },
  },
  deep: { version: '1.4.0' },
  'native-linux': { version: '1.0.0' },
  '@scope/tool': { version: '2.0.0', dependencies: { deep: '^1.0.0' } },
} as const satisfies Readonly<Record<string, Manifest>>;

function write(root: string, path: string, content: Manifest | string): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
}

/** `changes`: packages with other contents, or null for those that are not there. */
function checkout(changes: Readonly<Record<string, Manifest | null>> = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'saga-store-installed-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  write(root, 'package.json', { dependencies: { shop: '1.0.0' }, devDependencies: { '@scope/tool': '2.0.0' } });
  write(root, 'yarn.lock', LOCK);
  for (const [name, manifest] of Object.entries<Manifest | null>({ ...packages, ...changes })) {
    if (manifest !== null) write(root, `node_modules/${name}/package.json`, { name, ...manifest });
  }
  return root;
}

/** What npm notes when it has installed. */
function note(root: string, versions: Readonly<Record<string, string>>): void {
  const entries = Object.entries(versions).map(([name, version]) => [
    `node_modules/${name}`,
    { version, ...(name.startsWith('native') ? { optional: true } : {}) },
  ]);
  write(root, 'node_modules/.package-lock.json', { packages: Object.fromEntries(entries) });
}

describe('an install', () => {
  it('is complete when every package that is needed here is there, in the version of package.json and yarn.lock', () => {
    expect(whatIsMissing(checkout(), linux)).toBeNull();
  });

  it.each([
    ['nothing was installed', { shop: null, deep: null, 'native-linux': null, '@scope/tool': null }, 'is missing'],
    ['a package is missing', { shop: null }, 'shop is missing'],
    ['a package of a package is missing', { deep: null }, 'deep is missing'],
    ['it was made for production', { '@scope/tool': null }, '@scope/tool is missing'],
    ['the package for this system is missing', { 'native-linux': null }, 'native-linux is missing'],
    [
      'a package has another version',
      { shop: { ...packages.shop, version: '1.0.1' } },
      'shop is there in version 1.0.1',
    ],
    ['a package of a package has another version', { deep: { version: '1.4.1' } }, 'deep is there in version 1.4.1'],
    ['a package is empty', { deep: {} }, 'deep is there in version unknown'],
  ])('is not complete when %s', (_, changes, sentence) => {
    expect(whatIsMissing(checkout(changes), linux)).toContain(sentence);
  });

  it('needs no packages for other systems', () => {
    expect(whatIsMissing(checkout({ 'native-linux': null }), alpine)).toBeNull();
    expect(whatIsMissing(checkout({ 'native-linux': null }), mac)).toBe('native-mac is missing');
    expect(whatIsMissing(checkout({ 'native-linux': null, 'native-mac': { version: '1.0.0' } }), mac)).toBeNull();
  });

  it('by npm may have a package of a package in another version, which npm has noted', () => {
    const root = checkout({ deep: { version: '1.9.0' } });
    expect(whatIsMissing(root, linux)).toContain('deep');

    note(root, { shop: '1.0.0', deep: '1.9.0', '@scope/tool': '2.0.0', 'native-linux': '1.0.0' });

    expect(whatIsMissing(root, linux)).toBeNull();
  });

  it('by npm may not have a package of package.json in another version', () => {
    const root = checkout({ shop: { ...packages.shop, version: '1.0.1' } });
    note(root, { shop: '1.0.1', deep: '1.4.0', '@scope/tool': '2.0.0', 'native-linux': '1.0.0' });

    expect(whatIsMissing(root, linux)).toBe('shop is there in version 1.0.1, and needed in version 1.0.0');
  });

  it('by npm lacks an optional package that npm has noted, whatever the lock says of it', () => {
    const root = checkout();
    note(root, { shop: '1.0.0', deep: '1.4.0', '@scope/tool': '2.0.0', 'native-other': '3.0.0' });

    expect(whatIsMissing(root, linux)).toBe('native-other is missing');
  });

  it('counts the package that Node finds: one that lies with the package that needs it goes first', () => {
    const root = checkout();
    write(root, 'node_modules/shop/node_modules/deep/package.json', { name: 'deep', version: '0.1.0' });

    expect(whatIsMissing(root, linux)).toContain('deep is there in version 0.1.0');
  });

  it('of this checkout is complete', () => {
    expect(whatIsMissing(fileURLToPath(new URL('../../', import.meta.url)))).toBeNull();
  });
});

describe('the fingerprint of an install', () => {
  it('stays the same while nothing is installed', () => {
    const root = checkout();
    const before = fingerprintOf(root);
    // What tools leave there.
    write(root, 'node_modules/.vite/results.json', '{}');

    expect(fingerprintOf(root)).toBe(before);
  });

  it.each([
    ['a package is removed', (root: string) => rmSync(join(root, 'node_modules/deep'), { recursive: true })],
    [
      'a package of a scope is removed',
      (root: string) => rmSync(join(root, 'node_modules/@scope/tool'), { recursive: true }),
    ],
    ['a package is emptied', (root: string) => rmSync(join(root, 'node_modules/deep/package.json'))],
    ['a package is added', (root: string) => write(root, 'node_modules/more/package.json', {})],
    ['a package is replaced', (root: string) => utimesSync(join(root, 'node_modules/deep/package.json'), 1, 1)],
    ['npm has installed', (root: string) => note(root, {})],
    ['package.json asks for something else', (root: string) => write(root, 'package.json', {})],
    ['the lock is another one', (root: string) => write(root, 'yarn.lock', '')],
  ])('is another one when %s', (_, change) => {
    const root = checkout();
    const before = fingerprintOf(root);

    change(root);

    expect(fingerprintOf(root)).not.toBe(before);
  });
});
