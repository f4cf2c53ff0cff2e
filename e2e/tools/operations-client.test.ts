import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { operatorHeaders } from './operations-client.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'saga-token-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the token of the operators', () => {
  it('is sent by the tools where it is set', () => {
    expect(operatorHeaders({ OPERATIONS_TOKEN: 'secret' })).toEqual({ authorization: 'Bearer secret' });
  });

  it('is read from its file, as by the store', () => {
    const file = join(folder, 'token');
    writeFileSync(file, 'secret\n');

    expect(operatorHeaders({ OPERATIONS_TOKEN: '', OPERATIONS_TOKEN_FILE: file })).toEqual({
      authorization: 'Bearer secret',
    });
  });

  it('is not sent where there is none', () => {
    expect(operatorHeaders({ OPERATIONS_TOKEN: '' })).toEqual({});
  });

  it('is refused where it is given twice', () => {
    expect(() => operatorHeaders({ OPERATIONS_TOKEN: 'secret', OPERATIONS_TOKEN_FILE: '/nowhere' })).toThrow(
      'OPERATIONS_TOKEN_FILE: OPERATIONS_TOKEN is set as well',
    );
  });
});
