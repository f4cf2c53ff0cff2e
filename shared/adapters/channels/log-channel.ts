import type { NoticeChannel } from '../../ports/notice-channel.ts';

/** Sends a notice by writing a line in the log: what a store does before it has a mail server. */
export function logChannel(write: (fields: object, text: string) => void): NoticeChannel {
  return {
    async send({ text, notificationId, customerId, orderId }) {
      write({ notificationId, customerId, orderId }, text);
    },
  };
}
