import { currencySchema } from '../../saga/messages.ts';
import { wholeNumberSetting } from '../../shared/core/number-setting.ts';
import { defineFunction } from '../../shared/runtime/function-module.ts';
import { createOrder } from './function.ts';
import { addOrderRoutes } from './http.ts';
import { measureOrders } from './latency.ts';
import { ORDER_ID_REUSED } from './place-order.ts';
import { addOrderWhy, deadlineWaits } from './why.ts';

const deadlineS = wholeNumberSetting(1, 365 * 24 * 60 * 60);

/** Takes orders, confirms or rejects each one, and publishes its outcome. */
export const orderModule = defineFunction({
  name: 'order',
  port: 8902,
  pathPrefix: 'orders',
  besideGateway: () => true,
  settings: {
    DEFAULT_CURRENCY: currencySchema.default('EUR'),
    ORDER_DEADLINE_S: deadlineS.default(15 * 60),
    BACKORDER_DEADLINE_S: deadlineS.default(7 * 24 * 60 * 60),
  },
  create: ({ ORDER_DEADLINE_S, BACKORDER_DEADLINE_S }) =>
    createOrder({ deadlineMs: ORDER_DEADLINE_S * 1000, backorderDeadlineMs: BACKORDER_DEADLINE_S * 1000 }),
  problemCodes: [ORDER_ID_REUSED.code],
  addRoutes(app, { context, settings, stopping, waitsOf }) {
    addOrderRoutes(app, context, settings.DEFAULT_CURRENCY, stopping);
    addOrderWhy(app, context, waitsOf);
  },
  waitsOf: deadlineWaits,
  measure: measureOrders,
});
