import { createHash } from 'node:crypto';
import type Database from 'better-sqlite3';
import { AppError } from '../../../core/errors.ts';
import type { Migration } from '../../../ports/migration.ts';

const MIGRATION_TABLE_SQL = `
  CREATE TABLE IF NOT EXISTS migration (
    scope TEXT NOT NULL,
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (scope, number)
  ) STRICT, WITHOUT ROWID`;

/**
 * Brings a schema up to date: runs each migration of each scope once, in order, all in one transaction.
 * @throws {AppError} `conflict` when a migration was edited after it ran, or is newer than this program.
 */
export function migrate(db: Database.Database, scopes: Readonly<Record<string, readonly Migration[]>>): void {
  db.transaction(() => {
    db.exec(MIGRATION_TABLE_SQL);
    for (const [scope, migrations] of Object.entries(scopes)) migrateScope(db, scope, migrations);
  }).immediate();
}

function migrateScope(db: Database.Database, scope: string, migrations: readonly Migration[]): void {
  const ran = db
    .prepare<[string], { number: number; hash: string }>('SELECT number, hash FROM migration WHERE scope = ?')
    .all(scope);
  const known = new Map(migrations.map((migration) => [migration.number, hashOf(migration)]));
  for (const { number, hash } of ran) {
    if (known.get(number) === hash) continue;
    const why = known.has(number) ? 'was edited after it ran' : 'is not known to this program, which is older';
    throw new AppError('conflict', `${db.name}: migration ${scope} ${number} ${why}`);
  }
  const done = new Set(ran.map(({ number }) => number));
  for (const migration of migrations) {
    if (done.has(migration.number)) continue;
    db.exec(migration.sql);
    db.prepare('INSERT INTO migration (scope, number, name, hash) VALUES (?, ?, ?, ?)').run(
      scope,
      migration.number,
      migration.name,
      hashOf(migration),
    );
  }
}

function hashOf({ sql }: Migration): string {
  return createHash('sha256').update(sql).digest('hex');
}
