/** A notice to a customer. Its `notificationId` never changes: a provider recognizes repeats by it. */
export interface OutgoingNotice {
  readonly notificationId: string;
  readonly customerId: string;
  readonly orderId: string;
  readonly text: string;
}

/** A way to reach customers. After a crash, `send` may be called again with the same notice. */
export interface NoticeChannel {
  /** Resolves when the channel has accepted the notice. Rejects when it cannot now: the caller tries again later. */
  send(notice: OutgoingNotice): Promise<void>;
}
