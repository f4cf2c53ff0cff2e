import type { NoticeChannel } from '../../shared/ports/notice-channel.ts';
import { defineFunction } from '../../shared/runtime/function-module.ts';
import { daysSchema } from '../../shared/runtime/retention/settings.ts';
import { createNotification } from './function.ts';
import { addNotificationRoutes } from './http.ts';
import { asksForSending, NoticeSender } from './sender.ts';

/** Writes one line to the log of the function. */
type WriteLine = (fields: object, text: string) => void;

/** Tells each customer each fact about an order once. `channelOf` creates the channel that sends the notices. */
export const notificationModule = (channelOf: (write: WriteLine) => NoticeChannel) =>
  defineFunction({
    name: 'notification',
    port: 8903,
    pathPrefix: 'notifications',
    besideGateway: false,
    settings: { NOTICE_RETENTION_DAYS: daysSchema.default(365) },
    create: ({ NOTICE_RETENTION_DAYS }) => createNotification({ noticeDays: NOTICE_RETENTION_DAYS }),
    addRoutes: (app, { context, stopping }) => addNotificationRoutes(app, context, stopping),
    loops(context, logger) {
      const sender = new NoticeSender(
        context,
        channelOf((fields, text) => logger.info(fields, text)),
      );
      const failure = 'notices cannot be sent; they will be retried';
      return [{ step: () => sender.step(), wakes: asksForSending, failure }];
    },
  });
