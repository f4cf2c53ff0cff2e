/**
 * Stores the code that V8 compiles of `dist/server/store.cjs` beside it: what a start and an order need. For that it starts the store
 * in a folder of its own, and places an order. Run by the build, and by the image's.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compiledFile, runBundle } from '../../dist/functions/bundle.js';

const bundle = fileURLToPath(new URL('../../dist/server/store.cjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'saga-store-build-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

// Nothing of the caller's settings: they are for a store that stays.
for (const name of Object.keys(process.env)) if (name !== 'PATH' && name !== 'TMPDIR') delete process.env[name];
Object.assign(process.env, { DATA_DIR: folder, ENABLE_AUTOMATION: 'true', LOG_LEVEL: 'warn' });
for (const part of ['GATEWAY', 'ORDER', 'INVENTORY', 'NOTIFICATION']) process.env[`${part}_PORT`] = '0';

const { exports, compiled } = runBundle(bundle);
// The text after the start is for operators.
const write = process.stdout.write;
process.stdout.write = () => true;
const { urls, stop } = await exports.runProgram([], null);
process.stdout.write = write;

const line = { productId: 'PRODUCT_001', quantity: 1, price: 1 };
const response = await fetch(`${urls.get('gateway')}/orders`, {
  method: 'POST',
  headers: { 'content-type': 'application/json', prefer: 'wait=10' },
  body: JSON.stringify({
    orderId: 'BUILD',
    customerId: 'BUILD',
    currency: 'EUR',
    items: [line],
    totalPrice: 1,
    totalQuantity: 1,
  }),
});
const answer = await response.text();
if (!response.ok) throw new Error(`the store that was built took no order: ${answer}`);
writeFileSync(compiledFile(bundle), compiled());
await stop();
process.exit(0);
