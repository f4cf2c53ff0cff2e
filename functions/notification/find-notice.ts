import { AppError } from '../../shared/core/errors.ts';
import type { FunctionContext } from '../../shared/runtime/worker/function-context.ts';
import { type DeliveryRow, deliveries } from './tables.ts';

/** Rows that one read looks at. */
const SCAN_MAX = 5_000;

/**
 * The notice with this id. Failed ones are found at once. There is no index for the others, which would cost every
 * notice a write: they are looked for in short reads, the newest first, between which the function works on.
 * @throws {AppError} `not_found`
 */
export async function existingNotice({ store }: Pick<FunctionContext, 'store'>, id: string): Promise<DeliveryRow> {
  const where = { notificationId: id };
  const [failed] = await store.find({
    table: deliveries,
    fixed: { status: 'failed' },
    where,
    orderBy: ['position'],
    limit: 1,
  });
  if (failed !== undefined) return failed;
  const [newest] = await store.find({ table: deliveries, orderBy: ['position'], descending: true, limit: 1 });
  for (let end = newest?.position ?? 0; end > 0; end -= SCAN_MAX) {
    const range = { atMost: { position: end }, after: [end - SCAN_MAX] };
    const [found] = await store.find({ table: deliveries, where, ...range, orderBy: ['position'], limit: 1 });
    if (found !== undefined) return found;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new AppError('not_found', `there is no notice ${id.slice(0, 64)}`);
}
