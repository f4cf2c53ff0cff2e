import { describe, expect, it } from 'vitest';
import { receiveStock, setStockPolicy } from '../../functions/inventory/examples.ts';
import { cancelOrder, placeOrder } from '../../saga/examples.ts';
import { Chance, type Troubles, troubleName, World } from './world.ts';

/** More by hand: SEEDS=200 */
const SEEDS = Number(process.env['SEEDS'] ?? 8);
const ORDERS = 10;

interface Plan {
  readonly orderId: string;
  readonly products: Readonly<Record<string, number>>;
  readonly isCancelled: boolean;
  /** Placed by the public topic, not over HTTP. */
  readonly isFromTopic: boolean;
}

/** The orders of a seed, and what goes wrong with them. Goods are enough for all of them, some only later. */
function planOf(seed: number): { readonly plans: readonly Plan[]; readonly troubles: Troubles } {
  const chance = new Chance(`plan ${seed}`);
  const transient = new Map<string, number>();
  const bugs = new Set<string>();
  const plans = Array.from({ length: ORDERS }, (_, n) => {
    const orderId = `ORDER_${n}`;
    const product = ['desk', 'desk', 'lamp', 'nothing'][chance.below(4)] as string;
    if (chance.isOneIn(3)) transient.set(troubleName({ type: 'OrderPlaced', subject: orderId }), 1 + chance.below(2));
    if (chance.isOneIn(3)) transient.set(troubleName({ type: 'StockReserved', subject: orderId }), 1 + chance.below(2));
    if (chance.isOneIn(8)) bugs.add(troubleName({ type: 'OrderPlaced', subject: orderId }));
    const products = { [product]: 2 + chance.below(3), desk: 1 };
    return {
      orderId,
      products,
      isCancelled: product !== 'nothing' && chance.isOneIn(3),
      isFromTopic: chance.isOneIn(2),
    };
  });
  return { plans, troubles: { transient, bugs } };
}

/** The end of the orders of this seed, handled by so many instances of each function. */
async function endOf(seed: number, instances: number, more: Pick<Troubles, 'allKeep'> = {}) {
  const { plans, troubles } = planOf(seed);
  const world = await World.open(`${instances} ${seed}`, instances, { ...troubles, ...more });
  try {
    await world.send('inventory', receiveStock('lamp', 1));
    await world.send('inventory', setStockPolicy('lamp', 'wait'));
    await world.send('inventory', receiveStock('desk', 100));
    for (const { orderId, products, isCancelled, isFromTopic } of plans) {
      const place = placeOrder(products, { orderId });
      const outside = { ...place, source: '/partner' };
      if (isFromTopic) await world.append(outside, outside);
      else await world.send('order', place);
      for (let rounds = world.chance.below(3); rounds > 0; rounds--) await world.round();
      if (isCancelled && !isFromTopic) await world.send('order', cancelOrder('too slow', orderId));
      if (world.chance.isOneIn(3)) await world.restart('order', world.chance.isOneIn(2));
      if (world.chance.isOneIn(3)) await world.restart('inventory', world.chance.isOneIn(2));
    }
    await world.send('inventory', receiveStock('lamp', 100));
    world.isFailing = false;
    await world.settle();
    return await world.end();
  } finally {
    await world.close();
  }
}

/** The seeds with which two instances do not end as one. */
async function differing(
  seeds: readonly number[],
  troubles: Pick<Troubles, 'allKeep'> = {},
): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  for (const seed of seeds) {
    const [one, two] = [await endOf(seed, 1), await endOf(seed, 2, troubles)];
    if (JSON.stringify(one) !== JSON.stringify(two)) found.push({ seed, one, two });
  }
  return found;
}

describe('two instances of each function', { timeout: 60_000 + SEEDS * 3_000 }, () => {
  it('end as one does, whatever comes in between', async () => {
    expect(await differing(Array.from({ length: SEEDS }, (_, seed) => seed))).toEqual([]);
  });

  it('end as one does also where both believe that they are the keeper', async () => {
    const seeds = Array.from({ length: Math.ceil(SEEDS / 4) }, (_, seed) => 1_000 + seed);
    expect(await differing(seeds, { allKeep: true })).toEqual([]);
  });
});
