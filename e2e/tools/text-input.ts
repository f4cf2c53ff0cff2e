/** Text that a tool is given: nothing in it is altered before it is sent or written. */
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { jsonSentence, readJson } from '../../shared/core/json.ts';
import { printable } from '../../shared/core/printable.ts';
import { decodeUtf8, firstIllFormed } from '../../shared/core/well-formed.ts';
import { StoreError } from './store-client.ts';

/** The bytes of standard input, to its end. */
export function standardInput(): Promise<Uint8Array> {
  return buffer(process.stdin);
}

/** The text of a file. @throws StoreError where it cannot be read or is not UTF-8 */
export async function textOfFile(file: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw new StoreError(printable(`${file} cannot be read: ${error instanceof Error ? error.message : error}`));
  }
  return textIn(bytes, file);
}

/** The text in these bytes; `name` is where they come from. @throws StoreError where they are not UTF-8 */
export function textIn(bytes: Uint8Array, name: string): string {
  const text = decodeUtf8(bytes);
  if (text !== null) return text;
  throw new StoreError(printable(`${name} is not UTF-8: it is ill-formed at byte ${firstIllFormed(bytes)}.`));
}

/** The value of a JSON text; `name` is where it comes from. @throws StoreError with the place of what is wrong */
export function jsonIn(text: string, name: string): unknown {
  const read = readJson(text);
  if ('value' in read) return read.value;
  const { problem } = read;
  throw new StoreError(
    printable(problem.kind === 'syntax' ? `This is not JSON: ${problem.detail}` : `${jsonSentence(name, problem)}.`),
  );
}
