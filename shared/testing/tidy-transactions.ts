import type { Source } from './tidy-source.ts';

/** Something wrong with a transaction, and where. */
export interface TransactionFault {
  readonly position: number;
  readonly detail: string;
}

/**
 * A transaction of SQLite takes the write lock when it begins: one that takes it later may find that somebody wrote meanwhile,
 * and fails halfway, whatever the timeout. And it is over before anybody else runs: what waits for a promise runs outside.
 */
export function transactionFaults({ code, uncommented }: Source): readonly TransactionFault[] {
  const deferred = [...uncommented.matchAll(/['"`]\s*BEGIN\b(?!\s+(?:IMMEDIATE|EXCLUSIVE)\b)/g)].map((match) => ({
    position: match.index,
    detail: 'a transaction begins with BEGIN IMMEDIATE',
  }));
  const calls = [...code.matchAll(/\.(transaction|transact)\s*\(/g)].flatMap((match) => {
    const end = closingOf(code, match.index + match[0].length - 1);
    const body = code.slice(match.index, end);
    const isAsync = /\basync\b|\bawait\b|\.\s*then\s*\(|\bnew\s+Promise\b/.test(body);
    const isImmediate = match[1] === 'transact' || /^\s*\.\s*immediate\s*\(/.test(code.slice(end));
    return [
      ...(isAsync ? [{ position: match.index, detail: 'a transaction waits for nothing' }] : []),
      ...(isImmediate ? [] : [{ position: match.index, detail: 'a transaction is called with .immediate()' }]),
    ];
  });
  return [...deferred, ...calls];
}

/** Behind the parenthesis that closes the one at `open`. */
function closingOf(code: string, open: number): number {
  let depth = 0;
  for (let index = open; index < code.length; index += 1) {
    if (code.charAt(index) === '(') depth += 1;
    if (code.charAt(index) === ')') depth -= 1;
    if (depth === 0) return index + 1;
  }
  return code.length;
}
