import type { NoticeChannel } from '../../shared/ports/notice-channel.ts';
import { defineFunction } from '../../shared/runtime/function-module.ts';
import { createNotification } from './function.ts';
import { addNotificationRoutes } from './http.ts';
import { reportAttempts } from './metrics.ts';
import { addNoticeOperations } from './operations.ts';
import { asksForSending, NoticeSender } from './sender.ts';
import { noticePolicyOf, notificationSettings } from './settings.ts';
import { noticeSteps } from './steps.ts';
import { noticeWaits } from './why.ts';

/** Writes one line to the log of the function. */
type WriteLine = (fields: object, text: string) => void;

/** Sending takes a tenth of the time at most, and then notices are sent, and recorded, together. */
const REST_TIMES = 9;
/** Streams tell their clients of a notice before it is sent: what shares a processor with this thread is not kept waiting. */
const LINGER_MS = 3;

/** Tells each customer each fact about an order once. `channelOf` creates the channel that sends the notices. */
export const notificationModule = (channelOf: (write: WriteLine) => NoticeChannel) =>
  defineFunction({
    name: 'notification',
    port: 8903,
    pathPrefix: 'notifications',
    streamPaths: ['/notifications/stream'],
    // Inventory reads the same records: beside it they cost nothing more where they are shared.
    besideGateway: ({ sharesRecords }) => !sharesRecords,
    settings: notificationSettings,
    create: (settings) =>
      createNotification({ noticeDays: settings.NOTICE_RETENTION_DAYS, policy: noticePolicyOf(settings) }),
    addRoutes: (app, { context, stopping }) => addNotificationRoutes(app, context, stopping),
    addOperatorRoutes: (app, { context }) => addNoticeOperations(app, context),
    waitsOf: ({ store }, key) => noticeWaits(store, key),
    stepsOf: ({ store }, key) => noticeSteps(store, key),
    loops({ context, settings, logger, registry, beforeCall }) {
      const outside = channelOf((fields, text) => logger.info(fields, text));
      const channel: NoticeChannel = {
        async send(notice, signal) {
          await beforeCall(notice.orderId);
          await outside.send(notice, signal);
        },
      };
      const { store, clock } = context;
      const report = reportAttempts({ registry, store, clock, logger });
      const sender = new NoticeSender(context, { channel, timeoutMs: settings.NOTICE_SEND_TIMEOUT_MS, report });
      return [
        {
          step: (wake) => sender.step(wake),
          sleepMs: () => sender.sleepMs(),
          finish: () => sender.finish(),
          wakes: asksForSending,
          restTimes: REST_TIMES,
          lingerMs: LINGER_MS,
          failure: 'notices cannot be sent or recorded; it is tried again',
        },
      ];
    },
  });
