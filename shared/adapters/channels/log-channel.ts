import type { NoticeChannel } from '../../ports/notice-channel.ts';

/** Sends a notice by writing a log line, for a store that has no mail server yet. */
export function logChannel(write: (fields: object, text: string) => void): NoticeChannel {
  return {
    async send({ text, notificationId, customerId, orderId }) {
      write({ notificationId, customerId, orderId }, text);
    },
  };
}
