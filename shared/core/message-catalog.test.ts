import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fingerprint } from './message.ts';
import {
  firstVersion,
  kindOf,
  type MessageCatalog,
  nextVersion,
  parseAndUpcast,
  versionOf,
} from './message-catalog.ts';

const v1 = firstVersion(z.object({ name: z.string() }));
const v2 = nextVersion(v1, z.object({ first: z.string(), last: z.string() }), ({ name }) => {
  const [first = '', last = ''] = name.split(' ');
  return { first, last };
});
const v3 = nextVersion(v2, z.object({ last: z.string().min(1) }), ({ last }) => ({ last }));

const catalog: MessageCatalog = {
  kinds: { Named: v3, Old: v1 },
  subjectFields: [],
  publicTopics: new Set(),
  isAllowedOnTopic: () => true,
};

describe('a message catalog', () => {
  it('counts the versions of each type for itself', () => {
    expect([versionOf(catalog, 'Named'), versionOf(catalog, 'Old')]).toEqual([3, 1]);
  });

  it.each(['Unknown', 'constructor', '__proto__'])('has no type %s', (type) => {
    expect(kindOf(catalog, type)).toBeNull();
    expect(() => versionOf(catalog, type)).toThrow(`no message type ${type}`);
  });
});

describe('data of an older version', () => {
  it.each([
    [1, { name: 'Ada Lovelace' }],
    [2, { first: 'Ada', last: 'Lovelace' }],
    [3, { last: 'Lovelace' }],
  ])('become data of the newest: version %i', (version, published) => {
    expect(parseAndUpcast(v3, 'Named', version, published)).toEqual({ data: { last: 'Lovelace' } });
  });

  it('keep the fingerprint under which they were handled before the upgrade', () => {
    const before = parseAndUpcast(v1, 'Named', 1, { name: 'Ada Lovelace' });
    const after = parseAndUpcast(v3, 'Named', 1, { name: 'Ada Lovelace' });

    const prints = [before, after].map(
      (parsed) => 'data' in parsed && fingerprint({ type: 'Named', data: parsed.data }),
    );
    expect(prints[1]).toBe(prints[0]);
    expect(prints[0]).not.toBe(fingerprint({ type: 'Named', data: { last: 'Lovelace' } }));
  });

  it('are checked by the schema of their own version', () => {
    expect(parseAndUpcast(v3, 'Named', 1, { last: 'Lovelace' })).toEqual({ error: expect.stringContaining('name') });
  });

  it('are refused where the upcast does not lead to the newest version', () => {
    expect(parseAndUpcast(v3, 'Named', 1, { name: 'Ada' })).toEqual({
      error: expect.stringMatching(/after its upcast.*last/s),
    });
  });
});
